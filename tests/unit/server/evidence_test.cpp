// What a safeguarding lead takes out as evidence, and what is kept for it.
#include <algorithm>

#include "sync/server/ingest.h"
#include "sync/server/retention.h"
#include "tests/unit/server/test_device.h"

using namespace caretaker;
using namespace caretaker::test;

namespace {

constexpr std::int64_t kDay = 86'400;

class DayClock : public Clock {
 public:
  [[nodiscard]] UnixSeconds now() const override { return kNow + ms / 1000; }
  [[nodiscard]] MonotonicMs monotonic_ms() const override { return ms; }
  MonotonicMs ms = 0;
};

struct EvidenceRoom {
  TestSchool school;
  TestDevice device{school};
  DayClock clock;
  server::Retention retention;

  Bytes check_in(std::uint64_t from, UnixSeconds now = kNow) {
    return must(server::ingest(school.store, school.state, sync::make_checkin_request(device.request(device.batch(from))), now)).receipt;
  }
  Json::Object range(std::uint64_t from, std::uint64_t to) const {
    return {{"device", to_hex(device.id())}, {"epoch", to_hex(device.epoch)}, {"from", from}, {"to", to}};
  }
  Result<Json> hold(Json::Object arguments) {
    arguments["reason"] = "the police have asked";
    return school.ask(school.people.lead, "hold.add", std::move(arguments));
  }
  std::size_t sealed_parts() {
    std::size_t count = 0;
    for (const auto& row : must(school.store.events(0, std::nullopt, 10'000))) count += row.sealed.empty() ? 0 : 1;
    return count;
  }
  void pass(int days) {
    for (int i = 0; i < days; ++i) {
      clock.ms += kDay * 1000;
      for (std::int64_t next; (next = retention.work(school.store, clock)) < 3'600'000;) clock.ms += next;
    }
  }
};

std::string text(const Json& json) { return json.as_string() == nullptr ? "" : *json.as_string(); }

}  // namespace

TEST_CASE("evidence has the batches as they came, each with the receipt that the device got", "[R26]") {
  EvidenceRoom room;
  room.device.record(3);
  const Bytes first = room.check_in(1, kNow);
  room.device.record(2);
  const Bytes second = room.check_in(4, kNow + 60);
  room.device.record(2);
  const Bytes third = room.check_in(6, kNow + 120);
  const Json all = must(room.school.ask(room.school.people.lead, "evidence.batches", room.range(1, 7)));
  CHECK(all["batches"].as_array()->size() == 3);
  CHECK(text((*all["receipts"].as_array())[0]) == to_base64(first));
  CHECK(text((*all["receipts"].as_array())[2]) == to_base64(third));
  CHECK(*all["last"].as_int() == 7);
  CHECK_FALSE(must(all.bool_at("more")));

  const Json some = must(room.school.ask(room.school.people.lead, "evidence.batches", room.range(4, 5)));
  REQUIRE(some["batches"].as_array()->size() == 1);
  CHECK(text((*some["receipts"].as_array())[0]) == to_base64(second));
  const auto certificate = must(sync::open_certificate({must(some.base64_at("certificate"))}, room.school.state.root()));
  const Bytes envelope = must(parse_base64(text((*some["batches"].as_array())[0])));
  CHECK(must(sync::open_batch({envelope}, certificate)).seq_from == 4);
  CHECK(room.school.ask(room.school.people.lead, "evidence.batches", room.range(8, 9)).error().code == ErrorCode::kNotFound);
  CHECK(room.school.ask(room.school.people.lead, "evidence.batches", room.range(3, 2)).error().code == ErrorCode::kInvalidInput);
}

TEST_CASE("many batches come a few at a time", "[R26]") {
  EvidenceRoom room;
  for (std::uint64_t seq = 1; seq <= 70; ++seq) {
    room.device.record(1);
    (void)room.check_in(seq);
  }
  const Json page = must(room.school.ask(room.school.people.lead, "evidence.batches", room.range(1, 70)));
  CHECK(must(page.bool_at("more")));
  const std::int64_t last = *page["last"].as_int();
  CHECK(page["batches"].as_array()->size() == static_cast<std::size_t>(last));
  const Json rest = must(room.school.ask(room.school.people.lead, "evidence.batches", room.range(static_cast<std::uint64_t>(last) + 1, 70)));
  CHECK_FALSE(must(rest.bool_at("more")));
  CHECK(*rest["last"].as_int() == 70);
}

TEST_CASE("only a safeguarding lead takes evidence out, and the audit says which records", "[R26]") {
  EvidenceRoom room;
  room.device.record(3);
  (void)room.check_in(1);
  const Json::Object wanted{{"device", to_hex(room.device.id())}, {"epoch", to_hex(room.device.epoch)}, {"records", Json::Array{2, 9}}};
  for (const char* action : {"evidence.batches", "evidence.open", "hold.add", "hold.lift", "holds.list"}) {
    for (const sync::PersonKey* person : {&room.school.people.technician, &room.school.people.head, &room.school.people.teacher}) {
      CHECK(room.school.ask(*person, action, wanted).error().message.substr(0, 2) == "S4");
    }
  }
  const Json answer = must(room.school.ask(room.school.people.lead, "evidence.open", wanted));
  CHECK(answer["sealed"].as_object()->size() == 1);
  CHECK_FALSE(answer["sealed"]["2"].is_null());
  const auto audit = must(room.school.store.audit());
  CHECK(audit.back().entry.action == "evidence.open " + to_hex(room.device.id()) + " " + to_hex(room.device.epoch) + " 2 9");
  CHECK(audit.back().entry.outcome == "done");
}

TEST_CASE("the audit goes to leads and root holders alone, a page at a time, and each entry proves who asked", "[R26]") {
  EvidenceRoom room;
  TestSchool& school = room.school;
  room.device.record(2);
  (void)room.check_in(1);
  must(school.ask(school.people.lead, "events.list"));
  must(school.ask(school.people.technician, "devices.list"));
  CHECK_FALSE(school.ask(school.people.lead, "hold.lift", Json::Object{{"hold", 9}, {"reason", std::string(200, 'x')}}));
  for (int i = 0; i < 600; ++i) must(school.ask(school.people.technician, "devices.list"));
  for (const sync::PersonKey* person : {&school.people.technician, &school.people.teacher, &school.people.publisher}) {
    CHECK(school.ask(*person, "audit.list", Json::Object{{"after", 0}}).error().message.substr(0, 2) == "S4");
  }
  sync::AuditWalk walk(school.state.id(), school.state.root().root().keys);
  std::vector<sync::AuditEntry> entries;
  for (bool more = true; more;) {
    const std::int64_t after = entries.empty() ? 0 : entries.back().number;
    const auto page = must(school.ask(entries.empty() ? school.people.lead : school.people.head, "audit.list", Json::Object{{"after", after}}));
    more = must(page.bool_at("more"));
    for (const Json& row : **page.array_at("entries")) {
      entries.push_back({*row["number"].as_int(), *row["time"].as_int(), *row["by"].as_string(), *row["action"].as_string(), *row["outcome"].as_string(),
                         must(row.base64_at("request")), must(row.hex_array_at<32>("request_hash")), must(row.hex_array_at<32>("link"))});
    }
  }
  CHECK(entries.size() > 600);
  for (const sync::AuditEntry& entry : entries) REQUIRE(walk.next(entry));
  const auto has = [&](const char* action, const char* by, const char* outcome) {
    return std::any_of(entries.begin(), entries.end(), [&](const sync::AuditEntry& entry) {
      return entry.action.starts_with(action) && entry.by.ends_with(by) && entry.outcome == outcome;
    });
  };
  CHECK(has("events.list ", " safeguarding lead", "done"));
  CHECK(has("hold.lift", " safeguarding lead", "not-found"));
  CHECK(has("audit.list", " safeguarding lead", "done"));
  CHECK_FALSE(has("audit.list", " technician", "done"));
}

TEST_CASE("a request that publishes much stands in the audit by its hash", "[R26]") {
  EvidenceRoom room;
  CHECK_FALSE(room.school.ask(room.school.people.technician, "policy.publish", Json::Object{{"envelope", to_base64(Bytes(64u << 10, 7))}}));
  const auto audit = must(room.school.store.audit());
  CHECK(audit.back().entry.request.empty());
  CHECK(audit.back().entry.request_hash != Hash{});
}

TEST_CASE("what is held outlives the 90 days, and goes when the hold is lifted", "[R19][R26]") {
  EvidenceRoom room;
  room.device.record(10);
  (void)room.check_in(1);
  const std::int64_t hold = *must(room.hold(room.range(3, 5)))["hold"].as_int();
  room.pass(100);
  CHECK(room.sealed_parts() == 3);
  must(room.school.ask(room.school.people.lead, "hold.lift", Json::Object{{"hold", hold}, {"reason", "closed"}}));
  CHECK(room.school.ask(room.school.people.lead, "hold.lift", Json::Object{{"hold", hold}, {"reason", "closed"}}).error().code == ErrorCode::kNotFound);
  room.pass(1);
  CHECK(room.sealed_parts() == 0);
  const Json holds = must(room.school.ask(room.school.people.lead, "holds.list"));
  const Json& shown = holds["holds"].as_array()->front();
  CHECK(text(shown["by"]) == "safeguarding lead");
  CHECK(text(shown["reason"]) == "the police have asked");
  CHECK(*shown["lifted"].as_int() == kNow);
  CHECK(text(shown["lifted_why"]) == "closed");
}

TEST_CASE("a hold on a device is for every book of it, also one that has not begun, and for no other device", "[R26]") {
  EvidenceRoom room;
  TestDevice other(room.school, {"uuid-2", "serial-2"});
  must(room.hold({{"device", to_hex(room.device.id())}}));
  room.device.record(2);
  (void)room.check_in(1);
  room.device.begin_epoch("rollback");
  room.device.sealed.clear();
  room.device.record(3);
  (void)room.check_in(1);
  other.record(4);
  must(server::ingest(room.school.store, room.school.state, sync::make_checkin_request(other.request(other.batch(1))), kNow));
  CHECK(room.sealed_parts() == 9);
  room.pass(100);
  CHECK(room.sealed_parts() == 5);
}

TEST_CASE("a hold needs a reason, a device and a book that there are", "[R26]") {
  EvidenceRoom room;
  const auto ask = [&](Json::Object arguments) { return room.school.ask(room.school.people.lead, "hold.add", std::move(arguments)).error().code; };
  CHECK(ask({{"device", to_hex(room.device.id())}}) == ErrorCode::kInvalidInput);
  CHECK(ask({{"device", to_hex(room.device.id())}, {"reason", ""}}) == ErrorCode::kInvalidInput);
  CHECK(ask({{"device", to_hex(hash(as_bytes("none")))}, {"reason", "why"}}) == ErrorCode::kNotFound);
  CHECK(room.hold(room.range(1, 2)).error().code == ErrorCode::kNotFound);  // nothing has come of this book
}
