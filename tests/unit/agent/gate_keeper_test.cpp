#include "agent/gate/gate_keeper.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/agent/full_disk.h"
#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

constexpr std::uint32_t kGate = 991;
const std::string kText = std::string(kPolicyText) + "[groups.staff]\nusers = [\"bo\"]\nblocked_categories = []\nif_filter_fails = \"open\"\n";

// The kernel's place, taken by a variable: what is asked of it is what counts here. The real one is in scenario.gate.
struct ShownGate : platform::Gate {
  Status apply(const GateRules& rules) override {
    if (refuses) return make_error(ErrorCode::kUnavailable, "no packet filter");
    ++applied;
    in_force = rules;
    return ok();
  }
  Result<bool> is_intact() override { return in_force.has_value(); }
  Result<std::vector<platform::GateTry>> take_attempts() override { return std::exchange(tries, {}); }
  Status remove() override {
    in_force.reset();
    return ok();
  }
  bool wait_for_change(int) override { return false; }
  void end_wait() override {}

  std::optional<GateRules> in_force;
  std::vector<platform::GateTry> tries;
  int applied = 0;
  bool refuses = false;
};

struct World {
  World() {
    guard_world.settings.gate_uid = kGate;
    guard_world.start();
  }

  Result<GateAnswer> ask(const GateReport& report) {
    if (guard_away) return make_error(ErrorCode::kUnavailable, "away");
    const auto fields = guard_world.ask(kGate, Ask::kReportGate, make_gate_report(report));
    if (!fields) return fields.error();
    return parse_gate_answer(*fields);
  }

  void begin() {
    keeper.emplace(gate, state.path(), GateKeeper::Surroundings{[this] { return people; }, [this] { return works; },
                                                                [this](const GateReport& r) { return ask(r); },
                                                                [] { return std::set<std::uint32_t>{990}; }},
                   guard_world.clock);
    REQUIRE(keeper->start());
  }

  void serve() {
    guard_world.enrol();
    guard_world.give(guard_world.room.policy(1, kText), guard_world.room.lists(1, guard_world.set));
    REQUIRE(guard_world.offer(guard_world.set));
  }

  void pass(MonotonicMs ms) {
    for (MonotonicMs end = guard_world.clock.monotonic_ms() + ms; guard_world.clock.monotonic_ms() < end;) {
      guard_world.clock.time += 1;
      keeper->tick(false);
    }
  }

  void pass_to_next_look() { pass(next_together(guard_world.clock.monotonic_ms(), kGuardLookMs) - guard_world.clock.monotonic_ms()); }

  GuardWorld guard_world;
  TemporaryFolder state;
  ShownGate gate;
  std::vector<policy::GatePerson> people = {{1001, "anna", {}}, {1002, "bo", {}}};
  bool works = true;
  bool guard_away = false;
  std::optional<GateKeeper> keeper;
};

}  // namespace

TEST_CASE("a machine that is nobody's is left alone, and closed within seconds of its first policy", "[R10][R11]") {
  World world;
  world.begin();
  world.pass(10'000);
  CHECK_FALSE(world.gate.in_force);
  world.serve();
  world.pass(6000);
  REQUIRE(world.gate.in_force);
  CHECK(world.gate.in_force->people == std::set<std::uint32_t>{1001, 1002});
  world.pass(60'000);
  CHECK(world.gate.applied == 1);
}

TEST_CASE("at a start the rules of the last time hold before the guard is there", "[R10]") {
  World world;
  world.begin();
  world.serve();
  world.pass(6000);
  world.gate.in_force.reset();
  world.guard_away = true;
  world.begin();
  CHECK(world.gate.in_force);
}

TEST_CASE("a filter that does not answer is down after a few seconds: those whom the policy lets go on, and the school hears", "[R10][R11]") {
  World world;
  world.begin();
  world.serve();
  world.pass(6000);
  world.works = false;
  world.pass_to_next_look();
  world.pass(1000);
  CHECK(world.gate.in_force->unfiltered.empty());  // a restart is no failure
  world.pass(2000);
  CHECK(world.gate.in_force->unfiltered == std::set<std::uint32_t>{1002});
  CHECK(world.guard_world.noted("gate.changed filter-down"));
  CHECK_FALSE(world.guard_world.healthy("filter-down"));
  world.works = true;
  world.pass(2000);
  CHECK(world.gate.in_force->unfiltered.empty());
  CHECK(world.guard_world.noted("gate.changed filter-up"));
  CHECK(world.guard_world.healthy("filter-down"));
}

TEST_CASE("rules that another took away are put back at once, and the school hears", "[R11]") {
  World world;
  world.begin();
  world.serve();
  world.pass(6000);
  world.gate.in_force.reset();
  world.keeper->tick(true);
  CHECK(world.gate.in_force);
  world.pass_to_next_look();
  CHECK(world.guard_world.noted("gate.changed rules-restored"));
}

TEST_CASE("a refused connection becomes a record with who and what, its repeats a count", "[R11]") {
  World world;
  world.begin();
  world.serve();
  world.pass(6000);
  for (int i = 0; i < 3; ++i) {
    world.gate.tries = {{1001, "192.0.2.1", true, 853}, {1001, "2001:db8::1", false, 51820}, {33, "192.0.2.1", true, 853}};
    world.pass_to_next_look();
  }
  const auto rows = world.guard_world.book();
  CHECK(std::ranges::count(rows, "web.bypass bypass-dns-over-https") == 2);  // a pupil's and the device's
  CHECK(std::ranges::count(rows, "web.bypass bypass-vpn") == 1);
}

TEST_CASE("what happens while the guard is away is told when it is back", "[R11]") {
  World world;
  world.begin();
  world.serve();
  world.pass(6000);
  world.guard_away = true;
  world.gate.tries = {{1001, "192.0.2.1", true, 853}};
  world.pass_to_next_look();
  CHECK_FALSE(world.guard_world.noted("web.bypass bypass-dns-over-https"));
  world.guard_away = false;
  world.pass_to_next_look();
  CHECK(world.guard_world.noted("web.bypass bypass-dns-over-https"));
}

TEST_CASE("what finds no room while the guard is away is counted, and the school hears how much it was", "[R11][R18]") {
  World world;
  world.begin();
  world.serve();
  world.pass(6000);
  world.guard_away = true;
  for (int i = 0; i < 3; ++i) {
    world.gate.tries.assign(1000, {1001, "192.0.2.1", true, 853});
    world.pass_to_next_look();
  }
  world.guard_away = false;
  world.pass(120'000);
  std::uint32_t dropped = 0;
  for (const QueuedEvent& entry : world.guard_world.entries()) {
    const auto body = must(sync::parse_event_body(entry.body));
    if (body.kind == "events.dropped" && body.rule == "gate-queue") dropped += body.count;
  }
  CHECK(dropped == 3000 - 2 * platform::kMostTries - kMaxAttempts);
}

TEST_CASE("of a set that is full nobody knows what more there was, and the school hears that there may be", "[R11][R18]") {
  World world;
  world.begin();
  world.serve();
  world.pass(6000);
  for (std::uint16_t i = 0; i < platform::kMostTries; ++i) world.gate.tries.push_back({1001, i % 2 == 0 ? "192.0.2.1" : "2001:db8::1", true, i});
  world.pass_to_next_look();
  CHECK_FALSE(world.guard_world.noted("events.dropped gate-queue"));  // half of each
  world.gate.tries.assign(platform::kMostTries, {1001, "192.0.2.1", true, 853});
  world.pass(120'000);
  CHECK(world.guard_world.noted("events.dropped gate-queue"));
}

TEST_CASE("attempts are told again, as the same, until the guard has them on its disk; the policy comes all the same", "[R11][R18]") {
  World world;
  world.serve();
  world.guard_world.stop();
  const auto report = [&](GateReport one) { return must(world.ask(one)); };
  GateReport first{{7}, {}, true, {GateNews::kRulesRestored}, 5, {{1001, GateAttempt::Way::kVpn, "192.0.2.1", false, 1194}}};
  world.guard_world.start();
  {
    const FullDisk full;
    const auto answer = report(first);
    CHECK_FALSE(answer.stored);
    CHECK(answer.word == GateAnswer::Word::kPolicy);
  }
  CHECK(report(first).stored);
  CHECK(report(first).stored);
  world.guard_world.start();  // the answer was lost, and the guard was killed
  CHECK(report(first).stored);
  for (const char* event : {"web.bypass bypass-vpn", "gate.changed rules-restored", "events.dropped gate-queue"}) {
    CHECK(std::ranges::count(world.guard_world.book(), event) == 1);
  }
}

TEST_CASE("a packet filter that refuses the rules is told once, and tried again", "[R11]") {
  World world;
  world.begin();
  world.gate.refuses = true;
  world.serve();
  world.pass(30'000);
  CHECK_FALSE(world.gate.in_force);
  const auto rows = world.guard_world.book();
  CHECK(std::ranges::count(rows, "gate.changed rules-refused") == 1);
  world.gate.refuses = false;
  world.pass_to_next_look();
  CHECK(world.gate.in_force);
}

TEST_CASE("a gate that says nothing for a minute is a health warning", "[R11]") {
  World world;
  world.serve();
  CHECK(world.guard_world.healthy("gate-silent"));
  world.guard_world.clock.time += 61;
  CHECK_FALSE(world.guard_world.healthy("gate-silent"));
}

TEST_CASE("a gate report comes back as it went, and what cannot be one is refused", "[R11]") {
  GateReport report;
  report.filter_works = true;
  report.news = {GateNews::kFilterDown, GateNews::kRulesRestored};
  report.attempts = {{1001, GateAttempt::Way::kVpn, "192.0.2.1", false, 1194}};
  const auto read = parse_gate_report(make_gate_report(report));
  REQUIRE(read);
  CHECK(read->news == report.news);
  CHECK(read->attempts == report.attempts);
  report.attempts[0].address = "casino.example";
  CHECK_FALSE(parse_gate_report(make_gate_report(report)));
  report.attempts.assign(kMaxAttempts + 1, {1001, GateAttempt::Way::kVpn, "192.0.2.1", false, 1194});
  CHECK_FALSE(parse_gate_report(make_gate_report(report)));
  CHECK_FALSE(parse_gate_report(Bytes(40, 0xff)));
}
