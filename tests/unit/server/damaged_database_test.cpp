// A server on a disk that rots: it says so, or goes on and serves everybody else. (A byte of a record that SQLite's own check does not look at is
// found when the record is taken out, by the chain.)
#include <algorithm>
#include <cstring>
#include <random>

#include "platform/files.h"
#include "platform/sqlite.h"
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

// The server is stopped: what its database has.
Bytes closed_database(TestSchool& school) {
  const std::filesystem::path path = school.folder.path() / "fleet.db";
  school.store = must(server::FleetStore::open(school.folder.path() / "unused.db"));
  std::filesystem::remove(path.string() + "-wal");  // it would mend the pages
  return must(platform::read_file(path, 64u << 20));
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

TEST_CASE("a server's database with a page that is gone, or a column that has another name, is refused and called damaged", "[R18]") {
  TestSchool school;
  TestDevice device(school);
  device.record(60);
  must(server::ingest(school.store, school.state, sync::make_checkin_request(device.request(device.batch())), kNow));
  const std::filesystem::path path = school.folder.path() / "fleet.db";
  Bytes file = closed_database(school);
  const auto [name, other] = GENERATE(std::pair("received INTEGER", "recdived"), std::pair("CREATE TABLE letters", "CREATE TABLE lettess"),
                                      std::pair("", ""));
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  const std::size_t place = *name != 0 ? text.find(name) : file.size() / 2 / kPage * kPage;
  REQUIRE(place < file.size());
  if (*name != 0) std::copy_n(other, std::strlen(other), file.begin() + static_cast<std::ptrdiff_t>(place));
  else std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(place), kPage, std::uint8_t{0});
  must(platform::replace_file(path, file, 0600));
  const auto store = server::FleetStore::open(path);
  REQUIRE_FALSE(store);
  CHECK(store.error().code == ErrorCode::kDamaged);
  CHECK(store.error().message.starts_with("fleet.db is damaged"));
}

TEST_CASE("an order that nobody can be told of, because the disk has spoilt its number and its signer has left, keeps no device waiting", "[R18]") {
  TestSchool school;
  TestDevice device(school);
  const Bytes lock = sync::make_order_payload(device.order(sync::OrderKind::kLock));
  const Bytes envelope = TestSchool::envelope(sync::PayloadType::kOrder, lock, {&school.people.technician.signing});
  must(school.ask(school.people.technician, "order.publish", Json::Object{{"envelope", to_base64(envelope)}}));
  must(school.state.publish_next(school.store, {school.signed_root(school.root_without_technician())}, kNow));
  (void)closed_database(school);
  const std::filesystem::path path = school.folder.path() / "fleet.db";
  must(must(platform::Database::open(path)).execute("UPDATE letters SET id = zeroblob(16)"));
  school.store = must(server::FleetStore::open(path));
  school.state = must(server::SchoolState::open(school.store, school.keys));
  CHECK(must(server::ingest(school.store, school.state, sync::make_checkin_request(device.request(device.batch())), kNow)).letters.empty());
}

// The spoilings are the same each time; `unit_server --rng-seed N` plays others.
TEST_CASE("whatever the disk spoils of a server's database, it is refused or goes on, ends what it does, and has what it confirms then", "[R18]") {
  TestSchool school;
  TestDevice device(school);
  for (int i = 0; i < 4; ++i) {
    const auto from = device.heads.size();
    device.record(15);
    must(server::ingest(school.store, school.state, sync::make_checkin_request(device.request(device.batch(from))), kNow));
  }
  must(school.ask(school.people.technician, "policy.publish", Json::Object{{"envelope", to_base64(school.policy(1))}}));
  const std::filesystem::path path = school.folder.path() / "fleet.db";
  const Bytes sound = closed_database(school);
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
