#include "policy/set_delta.h"

#include <catch2/catch.hpp>
#include <random>

#include "policy/rice.h"
#include "tests/unit/policy/test_set.h"

using namespace caretaker;
using namespace caretaker::policy;

namespace {

using Lists = std::map<std::string, std::vector<std::string>>;

Bytes applied(ByteView delta, const SetView& before) {
  const auto parsed = SetDelta::parse(delta);
  if (!parsed) FAIL(parsed.error().message);
  Bytes out;
  const auto done = parsed->apply(before, [&](ByteView piece) {
    out.insert(out.end(), piece.begin(), piece.end());
    return ok();
  });
  if (!done) FAIL(done.error().message);
  return out;
}

void check_both_ways(const Lists& one, const Lists& other) {
  const TestSet a(one), b(other);
  CHECK(applied(*make_set_delta(a.view, b.view), a.view) == b.bytes);
  CHECK(applied(*make_set_delta(b.view, a.view), b.view) == a.bytes);
}

Lists many(int first, int last) {
  Lists lists;
  for (int i = first; i < last; ++i) lists[i % 3 == 0 ? "adult" : "gaming"].push_back("name" + std::to_string(i) + ".example");
  return lists;
}

}  // namespace

TEST_CASE("numbers come back from their codes, and the codes end where they end") {
  const std::vector<std::uint64_t> values{0, 1, 7, 8, 1000, (1ull << 60) - 1, 3};
  for (int k : {0, 3, 46, 59}) {
    RiceWriter out;
    for (const std::uint64_t value : values) {
      if ((value >> k) < 4096) out.add(value, k);
    }
    const Bytes bytes = std::move(out).take();
    RiceReader in(bytes);
    for (const std::uint64_t value : values) {
      if ((value >> k) >= 4096) continue;
      std::uint64_t read = 0;
      REQUIRE(in.next(k, (1ull << 60) - 1, read));
      CHECK(read == value);
    }
    CHECK(in.at_end());
  }
  std::uint64_t read = 0;
  const Bytes ones(1000, 0xff);
  RiceReader endless(ones);
  CHECK_FALSE(endless.next(0, 100, read));
  RiceReader nothing({});
  CHECK_FALSE(nothing.next(0, 100, read));
  CHECK(nothing.at_end());
}

TEST_CASE("old set and delta give the new set byte for byte", "[R4]") {
  check_both_ways(many(0, 3000), many(100, 3300));
  check_both_ways({{"adult", {"a.example"}}}, {{"adult", {"b.example"}}});
  check_both_ways({{"adult", {"a.example"}}}, {{"adult", {"a.example"}}});
  check_both_ways({}, many(0, 50));
}

TEST_CASE("a name that changes its categories, and a category that comes or goes, are in the delta", "[R4]") {
  check_both_ways({{"adult", {"a.example", "b.example"}}, {"gaming", {"b.example", "c.example"}}},
                  {{"adult", {"a.example"}}, {"gaming", {"a.example", "b.example", "c.example"}}});
  check_both_ways({{"adult", {"a.example", "b.example"}}, {"gaming", {"b.example", "c.example"}}},
                  {{"adult", {"a.example", "b.example"}}, {"chat", {"d.example"}}, {"gaming", {"b.example", "c.example"}}});
  check_both_ways({{"adult", {"a.example"}}, {"gaming", {"a.example", "c.example"}}}, {{"gaming", {"c.example"}}});
  check_both_ways({{"adult", {"a.example"}}, {"illegal", {"e.example"}}}, {{"adult", {"a.example"}}, {"illegal", {"e.example", "f.example"}}});
}

TEST_CASE("a day's change costs about six bytes for a name that comes and one and a half for one that goes", "[R4]") {
  const TestSet before(many(0, 200'000)), after(many(200, 200'500));
  const auto delta = make_set_delta(before.view, after.view);
  REQUIRE(delta);
  CHECK(delta->size() < 500 * 7 + 200 * 3 + 300);
  CHECK(applied(*delta, before.view) == after.bytes);
}

TEST_CASE("a delta for another set is refused, whatever it would give", "[R4]") {
  const TestSet a(many(0, 500)), b(many(10, 520)), c(many(100, 400));
  const Bytes bytes = *make_set_delta(a.view, b.view);
  const auto delta = SetDelta::parse(bytes);
  REQUIRE(delta);
  Bytes out;
  const auto done = delta->apply(c.view, [&](ByteView piece) {
    out.insert(out.end(), piece.begin(), piece.end());
    return ok();
  });
  CHECK((!done || out != b.bytes));
  SetBuilder salted({9, 9, 9});
  salted.add("a.example", *salted.category("adult", false));
  const Bytes other = *salted.build(nullptr);
  const auto other_view = SetView::open(other);
  CHECK(make_set_delta(a.view, *other_view).error().code == ErrorCode::kUnsupported);
  CHECK(delta->apply(*other_view, [](ByteView) { return ok(); }).error().code == ErrorCode::kInvalidInput);
}

TEST_CASE("no damaged delta gives the new set, reads outside or runs away", "[R4]") {
  const TestSet a(many(0, 300)), b(many(20, 330));
  const Bytes good = *make_set_delta(a.view, b.view);
  std::mt19937 random(7);
  for (std::size_t i = 0; i < 3000; ++i) {
    Bytes bad = good;
    if (i < good.size()) bad.resize(i);
    else bad[random() % bad.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
    const auto delta = SetDelta::parse(bad);
    if (!delta) continue;
    Bytes out;
    const auto done = delta->apply(a.view, [&](ByteView piece) {
      out.insert(out.end(), piece.begin(), piece.end());
      return out.size() > b.bytes.size() + 100'000 ? Status(make_error(ErrorCode::kTooLarge, "runs away")) : ok();
    });
    if (done && out == b.bytes) FAIL("a damaged delta was as good as the right one");
    if (!done) CHECK(done.error().code == ErrorCode::kInvalidInput);
  }
}

TEST_CASE("an error of whoever takes the pieces ends it") {
  const TestSet a(many(0, 300)), b(many(20, 330));
  const Bytes bytes = *make_set_delta(a.view, b.view);
  const auto delta = SetDelta::parse(bytes);
  REQUIRE(delta);
  CHECK(delta->apply(a.view, [](ByteView) { return Status(make_error(ErrorCode::kFull, "full")); }).error().code == ErrorCode::kFull);
}
