// A server on a disk that rots: whatever has become of its database, it says so or goes on, and never confirms what it does not have.
#include <algorithm>
#include <random>

#include "platform/files.h"
#include "sync/server/ingest.h"
#include "tests/unit/server/test_device.h"

using namespace caretaker;
using namespace caretaker::test;

namespace {

constexpr std::size_t kPage = 4096;
constexpr int kRounds = 150;

using Random = std::mt19937;
std::size_t below(Random& random, std::size_t end) { return random() % end; }

void turn_one_bit(Bytes& file, Random& random) { file[below(random, file.size())] ^= static_cast<std::uint8_t>(1u << below(random, 8)); }
void zero_one_page(Bytes& file, Random& random) {
  const auto page = file.begin() + static_cast<std::ptrdiff_t>(below(random, file.size() / kPage) * kPage);
  std::fill(page, page + kPage, std::uint8_t{0});
}
void turn_many_bits(Bytes& file, Random& random) {
  const std::size_t page = below(random, file.size() / kPage) * kPage;
  for (int i = 0; i < 40; ++i) file[page + below(random, kPage)] ^= static_cast<std::uint8_t>(1u << below(random, 8));
}
void cut_off(Bytes& file, Random& random) { file.resize(below(random, file.size())); }

bool is_damage(const Error& error) { return error.code == ErrorCode::kDamaged || error.code == ErrorCode::kUnsupported; }

bool has_event(server::FleetStore& store, const TestDevice& device, std::uint64_t seq) {
  const auto held = store.epoch(device.id(), device.epoch);
  const auto rows = store.events(0, device.id(), 500);
  const auto is_it = [&](const server::EventRow& row) { return row.to == seq && row.body == device.entries.back().body; };
  return held && *held && (*held)->head == device.heads.back() && (!rows || std::ranges::any_of(*rows, is_it));
}

// What the lead's pages have, or nothing where they cannot be read. They end, whatever the disk says.
std::size_t count_of_pages(TestSchool& school) {
  std::size_t pages = 0;
  for (std::int64_t after = 0; pages < 100; ++pages) {
    const auto page = school.ask(school.people.lead, "events.list", Json::Object{{"after", after}, {"limit", 20}});
    const auto events = page ? page->array_at("events") : Result<const Json::Array*>(page.error());
    if (!events || (*events)->empty()) break;
    after = *(**events).back()["id"].as_int();
  }
  return pages;
}

}  // namespace

TEST_CASE("a server's database that the disk has spoilt anywhere is refused, or nothing is confirmed that it does not have", "[R18]") {
  TestSchool school;
  TestDevice device(school);
  for (int i = 0; i < 4; ++i) {
    const auto from = device.heads.size();
    device.record(15);
    must(server::ingest(school.store, school.state, sync::make_checkin_request(device.request(device.batch(from))), kNow));
  }
  must(school.ask(school.people.technician, "policy.publish", Json::Object{{"envelope", to_base64(school.policy(1))}}));
  const std::filesystem::path path = school.folder.path() / "fleet.db";
  school.store = must(server::FleetStore::open(school.folder.path() / "unused.db"));
  std::filesystem::remove(path.string() + "-wal");  // it would mend the pages
  const Bytes sound = must(platform::read_file(path, 64u << 20));
  device.record("after");
  const Bytes next = sync::make_checkin_request(device.request(device.batch(device.heads.size() - 1)));

  const auto seed = GENERATE(take(1, random(0u, 1u << 30)));
  CAPTURE(seed);
  Random random(seed);
  int opened = 0, confirmed = 0;
  for (int round = 0; round < kRounds; ++round) {
    Bytes spoilt = sound;
    const auto spoil = {turn_one_bit, turn_one_bit, zero_one_page, turn_many_bits, cut_off};
    (*(spoil.begin() + below(random, spoil.size())))(spoilt, random);
    must(platform::replace_file(path, spoilt, 0600));
    auto store = server::FleetStore::open(path);
    auto state = store ? server::SchoolState::open(*store, school.keys) : Result<server::SchoolState>(store.error());
    if (!state) {
      CHECK(is_damage(state.error()));
      continue;
    }
    ++opened;
    std::swap(school.store, *store);
    std::swap(school.state, *state);
    CHECK(count_of_pages(school) < 100);
    const auto answer = server::ingest(school.store, school.state, next, kNow);
    const auto receipt = answer && !answer->receipt.empty() ? sync::open_receipt({answer->receipt}, school.state.root(), device.id())
                                                             : Result<sync::Receipt>(Error{});
    if (receipt && receipt->problem.empty()) {
      CHECK(receipt->head == device.heads.back());
      CHECK(has_event(school.store, device, device.heads.back().seq));
      ++confirmed;
    }
    std::swap(school.store, *store);
    std::swap(school.state, *state);
    store = make_error(ErrorCode::kInternal, "closed");
    std::filesystem::remove(path.string() + "-wal");
  }
  CHECK(opened < kRounds);  // some of it is found
  CHECK(confirmed > 0);     // and not everything is given up for a bit
}
