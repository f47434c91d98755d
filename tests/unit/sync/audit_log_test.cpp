#include "sync/audit_log.h"

#include <catch2/catch.hpp>

#include "sync/staff_request.h"
#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using namespace caretaker::sync::test;

namespace {

struct Room {
  TestSchool school;
  std::vector<AuditEntry> entries;

  Room() {
    for (const char* action : {"events.list", "evidence.open", "devices.list", "evidence.open"}) add(action, school.safeguarding, "lead");
  }
  [[nodiscard]] Bytes request(const std::string& action, const SigningKey& key, UnixSeconds time) const {
    const StaffRequest staff{school.root.school, action, Json::Object{}, to_hex(random_array<16>()), time};
    return envelope_of(PayloadType::kStaffRequest, make_staff_payload(staff), {&key});
  }
  void add(const std::string& action, const SigningKey& key, const std::string& holder) {
    const auto number = static_cast<std::int64_t>(entries.size()) + 1;
    AuditEntry entry{number, 1'000 + number, key_id(key.public_key) + " " + holder, action + " 3-9", "done", request(action, key, 1'000), {}, {}};
    entries.push_back(std::move(entry));
    link();
  }
  // As a server would that keeps what it has in order.
  void link() {
    Hash before = first_audit_link(school.root.school);
    for (AuditEntry& entry : entries) {
      entry.request_hash = hash(entry.request);
      before = entry.link = next_audit_link(before, entry);
    }
  }
  [[nodiscard]] std::string walk() const {
    AuditWalk walk(school.root.school, school.root.keys);
    for (const AuditEntry& entry : entries) {
      if (auto who = walk.next(entry); !who) return who.error().message.substr(0, 2);
    }
    return "verified";
  }
};

}  // namespace

TEST_CASE("each entry of the audit is by whom it says", "[R26]") {
  Room room;
  CHECK(room.walk() == "verified");
  AuditWalk walk(room.school.root.school, room.school.root.keys);
  const std::string holder = *walk.next(room.entries[0]);
  CHECK(holder == room.school.root.keys.at(key_id(room.school.safeguarding.public_key)).holder);
  CHECK(walk.link() == room.entries[0].link);
}

TEST_CASE("a server that leaves out, edits, reorders or makes up an opening is found out", "[R26]") {
  Room room;
  SECTION("left out") {
    room.entries.erase(room.entries.begin() + 1);
    CHECK(room.walk() == "G1");
    room.link();
    CHECK(room.walk() == "G1");
  }
  SECTION("left out, and numbered anew") {
    room.entries.erase(room.entries.begin() + 1);
    room.entries[1].number = 2;
    CHECK(room.walk() == "G2");
  }
  SECTION("edited") {
    room.entries[1].outcome = "permission-denied";
    CHECK(room.walk() == "G2");
  }
  SECTION("reordered") {
    std::swap(room.entries[1].action, room.entries[2].action);
    CHECK(room.walk() == "G2");
    room.link();
    CHECK(room.walk() == "G3");  // that is not what was signed
  }
  SECTION("another request behind the entry") {
    room.entries[1].request = room.request("evidence.open", room.school.safeguarding, 1'000);
    CHECK(room.walk() == "G2");
  }
  SECTION("blamed on somebody else") {
    room.entries[1].by = key_id(room.school.technician.public_key) + " technician";
    room.link();
    CHECK(room.walk() == "G3");
  }
  SECTION("by nobody of the school") {
    room.add("evidence.open", new_key(), "lead");
    CHECK(room.walk() == "G3");
  }
  SECTION("from another time") {
    room.entries[3].time += kStaffRequestSeconds + 1'000;
    room.link();
    CHECK(room.walk() == "G3");
  }
  SECTION("from another school") {
    room.entries[1].request = Room().entries[1].request;
    room.link();
    CHECK(room.walk() == "G3");
  }
  SECTION("shown twice") {
    room.entries[3].request = room.entries[1].request;
    room.link();
    CHECK(room.walk() == "G4");
  }
}

TEST_CASE("of a request that was too large to be kept the server's word stands, and nothing else changes", "[R26]") {
  Room room;
  room.entries[1].request.clear();  // its hash stays
  AuditWalk walk(room.school.root.school, room.school.root.keys);
  REQUIRE(walk.next(room.entries[0]));
  CHECK(walk.next(room.entries[1])->empty());
  CHECK(walk.next(room.entries[2]));
}
