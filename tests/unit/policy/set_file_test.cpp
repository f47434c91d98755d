#include "policy/set_file.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "policy/set_layout.h"
#include "tests/unit/policy/test_set.h"

using namespace caretaker;
using namespace caretaker::policy;

namespace {

constexpr std::array<std::uint8_t, 16> kSalt = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
using Lists = std::map<std::string, std::set<std::string>>;  // name -> categories

Bytes build_set(const Lists& lists, unsigned shuffle = 0) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& [name, categories] : lists) {
    for (const auto& category : categories) lines.emplace_back(name, category);
  }
  std::mt19937 random(shuffle);
  if (shuffle != 0) std::shuffle(lines.begin(), lines.end(), random);
  SetBuilder builder(kSalt);
  for (const auto& [name, category] : lines) builder.add(name, *builder.category(category, false));
  return *builder.build(nullptr);
}

std::set<std::string> lookup(const SetView& set, std::string_view name) {
  std::set<std::string> found;
  const auto bits = set.categories_of(name).value();
  for (std::size_t i = 0; i < set.categories().size(); ++i) {
    if ((bits >> i & 1) != 0) found.insert(set.categories()[i].name);
  }
  return found;
}

Lists random_lists(unsigned seed, int count) {
  std::mt19937 random(seed);
  const std::string categories[] = {"adult", "gambling", "illegal", "proxy", "chat"};
  Lists lists;
  for (int i = 0; i < count; ++i) {
    auto& in = lists["n" + std::to_string(random()) + ".example"];
    for (const auto& category : categories) {
      if (random() % 4 == 0) in.insert(category);
    }
    if (in.empty()) in.insert("ads");
  }
  return lists;
}

// To be changed where the check values are to fit all the same.
Bytes without_checks(const Bytes& file) {
  return Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size_without_checks(file.size())));
}

const Lists kThree = {{"casino.example", {"gambling"}}, {"csam.test", {"illegal", "adult"}}, {"adult.example", {"adult"}}};

}  // namespace

TEST_CASE("every name is found in exactly its categories, and no other name is found", "[R4]") {
  for (const int count : {0, 1, 2, 1000, 70'000}) {
    const auto lists = random_lists(static_cast<unsigned>(count + 1), count);
    const auto file = build_set(lists);
    const auto set = SetView::open(file);
    REQUIRE(set);
    CHECK(set->size() == lists.size());
    const auto wrong = std::ranges::count_if(lists, [&](const auto& entry) { return lookup(*set, entry.first) != entry.second; });
    CHECK(wrong == 0);
    int strangers = 0;
    for (int i = 0; i < 100'000; ++i) strangers += set->categories_of("absent" + std::to_string(i) + ".example") != std::uint64_t{0} ? 1 : 0;
    CHECK(strangers == 0);  // 70,000 names: expected 6e-9
    CHECK(set->canonical_content());
  }
}

TEST_CASE("the same names give the same bytes in whatever order they came") {
  const auto lists = random_lists(7, 5000);
  const auto file = build_set(lists, 1);
  CHECK(build_set(lists, 2) == file);
  CHECK(build_set(lists, 3) == file);
}

// Written from the words in policy/set_layout.h by a program of another language.
TEST_CASE("the file is what its layout says, byte for byte") {
  const auto file = build_set(kThree);
  const std::size_t header = 8 + 4 + 16 + 2 + (4 + 5 + 9) + (4 + 8 + 9) + (4 + 7 + 9) + 2 + 4 * 8;
  CHECK(file.size() == header + 65'537 * 4 + 3 * 7 + 17 * 8);
  CHECK(to_hex(hash(file)) == "eb0e4a3e6c3b64f83b53e80a556ddc3acb5bff9305436b3ede0293924053f51b");
}

// Computed likewise from the words in policy/set_file.h by a program of another language.
TEST_CASE("the canonical content is what its description says") {
  const auto file = build_set(kThree);
  const auto content = SetView::open(file)->canonical_content();
  REQUIRE(content);
  CHECK(to_hex(content->all) == "fb990e187ce7cfeefdb6bf43d3f51bac58c667e3426c6bba292a399ddbfe9b10");
  CHECK(to_hex(content->locked) == "e6244e910c058efd141dabb647fdd587b49f403053d30fe25e6d35af5f887e3d");
  CHECK(content->names == 3);
  CHECK(content->locked_names == 1);
}

TEST_CASE("a set file of another version says so") {
  auto file = build_set(kThree);
  file[7] = '1';
  CHECK(SetView::open(file).error().code == ErrorCode::kUnsupported);
}

TEST_CASE("ordinary lists do not change the content of the locked class, its own names do", "[R7]") {
  const auto content = [](const Lists& lists) {
    const auto file = build_set(lists);
    return *SetView::open(file)->canonical_content();
  };
  const auto before = content(kThree);
  auto ordinary = kThree;
  ordinary["new.example"] = {"aaa", "gambling"};
  ordinary["csam.test"].insert("chat");
  CHECK(content(ordinary).locked == before.locked);
  CHECK(content(ordinary).all != before.all);
  auto locked = kThree;
  locked["other.test"] = {"illegal"};
  CHECK(content(locked).locked != before.locked);
}

TEST_CASE("illegal is locked whatever the builder is told or the file says", "[R7]") {
  const auto file = build_set(kThree);
  const auto set = *SetView::open(file);
  CHECK(set.locked_mask() == 0b100);
  CHECK(set.categories()[2].name == "illegal");
  CHECK(set.categories()[2].locked);

  auto unlocked = without_checks(file);
  const std::string_view name = "illegal";
  const auto at = std::search(unlocked.begin(), unlocked.end(), name.begin(), name.end());
  *(at + static_cast<std::ptrdiff_t>(name.size())) = 0;
  append_part_checks(unlocked, kSalt);
  CHECK_FALSE(SetView::open(unlocked));
}

TEST_CASE("a builder refuses what a set cannot hold") {
  SetBuilder builder(kSalt);
  CHECK_FALSE(builder.category("", false));
  CHECK_FALSE(builder.category("Adult", false));
  CHECK_FALSE(builder.category("a b", false));
  for (int i = 0; i < 64; ++i) CHECK(builder.category("c" + std::to_string(i), false));
  CHECK(*builder.category("c63", false) == 63);
  CHECK(builder.category("c64", false).error().code == ErrorCode::kTooLarge);
  for (int i = 0; i < 4096; ++i) {  // 4,096 different sets; with the empty one there is room for 4,095
    if (i == 4095) CHECK(builder.build(nullptr));
    for (int bit = 0; bit < 13; ++bit) {
      if ((i + 1) >> bit & 1) builder.add("n" + std::to_string(i), bit);
    }
  }
  CHECK(builder.build(nullptr).error().code == ErrorCode::kTooLarge);
}

TEST_CASE("a build that is told to stop stops") {
  for (int stop_at = 0; stop_at < 4; ++stop_at) {
    SetBuilder builder(kSalt);
    builder.add("a.test", *builder.category("adult", false));
    int calls = 0;
    const auto file = builder.build([&](int) { return calls++ != stop_at; });
    CHECK(file.error().code == ErrorCode::kUnavailable);
  }
}

// The check values fit, as they do when somebody made the file so.
TEST_CASE("a file made wrong is an error or a wrong answer, never worse, and never canonical") {
  const auto whole = build_set(random_lists(3, 300));
  const auto file = without_checks(whole);
  std::mt19937 random(5);
  const auto entries_at = file.size() - 300 * kEntrySize;
  for (int round = 0; round < 3000; ++round) {
    auto damaged = file;
    const auto at = round % 3 == 0 ? random() % 256 : round % 3 == 1 ? random() % file.size()
                                                                   : entries_at + random() % (file.size() - entries_at);
    damaged[at] ^= static_cast<std::uint8_t>(1 + random() % 255);
    append_part_checks(damaged, kSalt);
    const auto set = SetView::open(damaged);
    if (!set) continue;
    for (int i = 0; i < 50; ++i) (void)set->categories_of("n" + std::to_string(random()) + ".example");
    const auto content = set->canonical_content();
    const auto original = SetView::open(whole)->canonical_content();
    CHECK((!content || content->all != original->all));
  }
  for (std::size_t size = 0; size < whole.size(); size += 1 + size / 50) {
    CHECK_FALSE(SetView::open(ByteView(whole).first(size)));
  }
  auto longer = whole;
  longer.push_back(0);
  CHECK_FALSE(SetView::open(longer));
}

TEST_CASE("a bit that changes before or after a part was first touched is no answer, and no other part suffers", "[R4]") {
  const auto lists = random_lists(4, 30'000);
  const auto file = build_set(lists);
  const auto entries_at = without_checks(file).size() - lists.size() * kEntrySize;
  std::mt19937 random(6);
  for (int round = 0; round < 40; ++round) {
    auto mapped = file;
    const auto set = *SetView::open(mapped);
    const auto at = round % 4 == 0 ? random() % entries_at : entries_at + random() % (file.size() - entries_at);  // the check values too
    const bool was_touched = round % 2 == 0;
    for (const auto& [name, in] : lists) {
      if (was_touched) REQUIRE(lookup(set, name) == in);
    }
    mapped[at] ^= static_cast<std::uint8_t>(1u << random() % 8);
    if (was_touched || round % 4 == 0) set.look_again();
    std::size_t lost = 0, wrong = 0;
    for (const auto& [name, in] : lists) {
      const auto bits = set.categories_of(name);
      if (!bits) ++lost;
      else if (lookup(set, name) != in) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK((lost == 0 || set.has_damage()));
    CHECK(lost < lists.size() / 2);
    CHECK_FALSE(set.canonical_content());  // found whatever was touched
    mapped[at] = file[at];
    set.look_again();
    CHECK_FALSE(set.has_damage());
    CHECK(set.canonical_content());
  }
}

TEST_CASE("a part in another's place is not the one") {
  const auto lists = random_lists(8, 30'000);
  auto file = build_set(lists);
  const auto set = *SetView::open(file);
  const auto first = without_checks(file).size() / kPartSize - 3;
  const auto at = file.begin() + static_cast<std::ptrdiff_t>(first * kPartSize);
  std::swap_ranges(at, at + kPartSize, at + kPartSize);
  const auto lost = std::ranges::count_if(lists, [&](const auto& entry) { return !set.categories_of(entry.first); });
  CHECK(lost > 3000);  // of the 2,340 entries in each of the two
}

TEST_CASE("what the disk cannot read is no answer and no walk, and not touched") {
  const auto lists = random_lists(9, 30'000);
  const auto file = build_set(lists);
  bool broken = false;
  const auto read = [&](std::uint64_t offset, std::span<std::uint8_t> into) -> Status {
    if (broken) return make_error(ErrorCode::kUnavailable, "a bad sector");
    std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return ok();
  };
  const auto set = *SetView::open(file, read);
  broken = true;
  const auto& [known, in] = *lists.begin();
  CHECK_FALSE(set.categories_of(known));
  CHECK(set.has_damage());
  CHECK_FALSE(set.canonical_content());
  CHECK(set.compare_all().error().code == ErrorCode::kDamaged);
  CHECK(SetView::open(file, read).error().code == ErrorCode::kDamaged);
  broken = false;
  set.look_again();
  CHECK(set.compare_all());
  CHECK(lookup(set, known) == in);
}

TEST_CASE("the salts of sets are the same everywhere") {
  CHECK(to_hex(set_salt(0)) == "c79d7620dab4688747dcaffbf59bdcc3");
  CHECK(to_hex(set_salt(1)) == "49296730d85316b2043cb5fd4000b894");
}

// 60 bits cannot be tried; the same arithmetic is tried on the 28 bits that index and 12 key bits are.
TEST_CASE("hashes are spread as the false-positive figure assumes") {
  constexpr std::uint64_t kNames = 200'000;
  constexpr int kBits = 28;
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t i = 0; i < kNames; ++i) hashes.push_back(hash60(kSalt, "n" + std::to_string(i)) >> (60 - kBits));
  std::ranges::sort(hashes);
  int hits = 0;
  for (int i = 0; i < 200'000; ++i) {
    hits += std::ranges::binary_search(hashes, hash60(kSalt, "m" + std::to_string(i)) >> (60 - kBits)) ? 1 : 0;
  }
  const double expected = 200'000.0 * kNames / double(1 << kBits);  // 149; five standard deviations are 61
  CHECK(hits == Approx(expected).margin(61));
}
