#include "sync/change_log.h"

#include <catch2/catch.hpp>

#include "sync/bundle.h"
#include "sync/exception.h"
#include "sync/order.h"
#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using namespace caretaker::sync::test;

namespace {

struct Log {
  Log() {
    school.give(Role::kException, 1, {{"teacher", &teacher}});
    school.root.school = hash(make_root_payload(school.root));
    add(school.root_envelope());
    add(policy(1, school.technician));
    add(exception("games.example"));
    add(policy(3, school.technician));
  }
  [[nodiscard]] Bytes policy(std::int64_t version, const SigningKey& key) const {
    return envelope_of(PayloadType::kPolicy, make_policy_payload(school.root.school, {version, 2'000, 3'000, {}, "school = \"S\""}), {&key});
  }
  [[nodiscard]] Bytes exception(const std::string& name) const {
    return envelope_of(PayloadType::kException, make_exception_payload({{school.root.school, {}, 2'000, 5'000}, name, "pupils", 2'000, {}}), {&teacher});
  }
  void add(Bytes envelope) {
    const auto number = static_cast<std::int64_t>(entries.size()) + 1;
    const Hash before = entries.empty() ? first_change_link(school.root.school) : entries.back().link;
    entries.push_back({number, envelope, next_change_link(before, number, envelope)});
  }
  [[nodiscard]] std::string walk() const {
    ChangeWalk walk(school.root.school);
    for (const ChangeEntry& entry : entries) {
      if (auto change = walk.next(entry); !change) return verdict(change);
    }
    return "verified";
  }
  TestSchool school;
  SigningKey teacher = new_key();
  std::vector<ChangeEntry> entries;
};

}  // namespace

TEST_CASE("whoever has the school's id can see who changed what and when", "[R7]") {
  Log log;
  ChangeWalk walk(log.school.root.school);
  std::vector<Change> changes;
  for (const ChangeEntry& entry : log.entries) changes.push_back(*walk.next(entry));
  CHECK(changes[0].kind == "root");
  CHECK(changes[1].kind == "policy");
  CHECK(changes[1].holders == std::vector<std::string>{"technician"});
  CHECK(changes[2].kind == "exception");
  CHECK(changes[2].holders == std::vector<std::string>{"teacher"});
  CHECK(changes[2].what.starts_with("games.example for pupils"));
  CHECK(walk.policy() == 3);
  CHECK(walk.number() == 4);
}

TEST_CASE("orders stand in the log with who signed them, and one that too few signed is found out", "[R7][R22]") {
  Log log;
  log.school.give(Role::kLock, 1, {{"technician", &log.school.technician}});
  log.school.give(Role::kWipe, 2, {{"technician", &log.school.technician}, {"head", &log.school.head}});
  log.school.root.school = hash(make_root_payload(log.school.root));
  log.entries.clear();
  log.add(log.school.root_envelope());
  Order order;
  order.school = log.school.root.school;
  order.device = Hash{0xab};
  order.kind = OrderKind::kLock;
  order.issued = 2'000;
  order.until = 3'000;
  log.add(envelope_of(PayloadType::kOrder, make_order_payload(order), {&log.school.technician}));
  Order unlock = order;
  unlock.kind = OrderKind::kUnlock;
  unlock.target = OrderId{7};
  log.add(envelope_of(PayloadType::kOrder, make_order_payload(unlock), {&log.school.technician}));
  order.kind = OrderKind::kWipe;
  log.add(envelope_of(PayloadType::kOrder, make_order_payload(order), {&log.school.technician, &log.school.head}));
  ChangeWalk walk(log.school.root.school);
  std::vector<Change> changes;
  for (const ChangeEntry& entry : log.entries) {
    auto change = walk.next(entry);
    REQUIRE(change);
    changes.push_back(*change);
  }
  CHECK(changes[1].kind == "order");
  CHECK(changes[1].issued == 2'000);
  CHECK(changes[1].holders == std::vector<std::string>{"technician"});
  CHECK(changes[1].what == "lock of device ab0000000000");
  CHECK(changes[2].what.starts_with("unlock of the order 0700"));
  CHECK(changes[3].holders == std::vector<std::string>{"head", "technician"});
  CHECK(changes[3].verified);
  log.add(envelope_of(PayloadType::kOrder, make_order_payload(order), {&log.school.technician}));
  CHECK(log.walk() == "O2");
}

TEST_CASE("after a root that begins another generation versions count anew", "[R7]") {
  Log log;
  ++log.school.root.version;
  log.school.root.policy_generation = 1;
  log.add(log.school.root_envelope());
  sync::PolicyBundle first{1, 2'000, 3'000, {}, "school = \"S\""};
  first.generation = 1;
  log.add(envelope_of(PayloadType::kPolicy, make_policy_payload(log.school.root.school, first), {&log.school.technician}));
  CHECK(log.walk() == "verified");
}

TEST_CASE("a server that hides, reorders, exchanges or doubles an entry is found out", "[R7]") {
  Log log;
  auto entries = log.entries;
  log.entries.erase(log.entries.begin() + 1);
  CHECK(log.walk() == "J1");
  log.entries[1].number = 2;
  CHECK(log.walk() == "J2");
  log.entries = entries;
  std::swap(log.entries[1], log.entries[2]);
  CHECK(log.walk() == "J1");
  log.entries = entries;
  log.entries[1].envelope = log.policy(2, log.school.technician);
  CHECK(log.walk() == "J2");
  log.entries = entries;
  log.entries.erase(log.entries.begin());
  CHECK(log.walk() == "J1");
  log.entries = entries;
  log.add(log.policy(3, log.school.technician));
  CHECK(log.walk() == "J4");
  log.entries = entries;
  log.add(log.policy(2, log.school.technician));
  CHECK(log.walk() == "J4");
}

TEST_CASE("what nobody entitled has signed is not taken into a chain made anew", "[R7]") {
  Log log;
  log.add(log.policy(4, log.school.lists));
  CHECK(log.walk() == "E6");
  Log other;
  log.entries.clear();
  log.add(other.school.root_envelope());
  CHECK(log.walk() == "T6");
  log.entries.clear();
  log.add(log.policy(1, log.school.technician));
  CHECK(log.walk() == "J3");
}
