#include "agent/guard/monitor.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/agent/fake_sessions.h"
#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

constexpr std::uint32_t kStranger = 4242;

ErrorCode code_for(GuardWorld& world, std::uint32_t uid, Ask ask) {
  const auto answer = world.ask(uid, ask, Bytes{1, 2, 3});  // malformed for every request
  REQUIRE_FALSE(answer);
  return answer.error().code;
}

}  // namespace

TEST_CASE("every request stands in the monitor's table once") {
  std::set<Ask> asks;
  std::set<std::string_view> names;
  for (const MonitorRow& row : monitor_table()) {
    CHECK(asks.insert(row.ask).second);
    CHECK(names.insert(row.name).second);
  }
  CHECK(asks.size() == 25);
}

TEST_CASE("each request is for those whom the table names, and nobody else") {
  GuardWorld world;
  for (const MonitorRow& row : monitor_table()) {
    const bool anybody = row.who == Who::kAnybody;
    CHECK((code_for(world, kStranger, row.ask) == ErrorCode::kPermissionDenied) == !anybody);
    const bool for_net = row.who == Who::kNet || row.who == Who::kNames || row.who == Who::kDecides;
    const bool for_inspect = row.who == Who::kInspect || row.who == Who::kNames || row.who == Who::kDecides;
    const bool for_programs = row.who == Who::kPrograms || row.who == Who::kDecides;
    const bool for_owner = row.who == Who::kOwner;
    CHECK((code_for(world, GuardWorld::kNet, row.ask) == ErrorCode::kPermissionDenied) == !(for_net || anybody));
    CHECK((code_for(world, GuardWorld::kInspect, row.ask) == ErrorCode::kPermissionDenied) == !(for_inspect || anybody));
    CHECK((code_for(world, GuardWorld::kPrograms, row.ask) == ErrorCode::kPermissionDenied) == !(for_programs || anybody));
    CHECK((code_for(world, GuardWorld::kOwner, row.ask) == ErrorCode::kPermissionDenied) == !(for_owner || anybody));
  }
}

TEST_CASE("a guard with sessions to look after rests between its looks, also before it has a school", "[R1]") {
  GuardWorld world;
  FakeSessions sessions;
  world.settings.sessions = &sessions;
  world.start();
  world.guard->tick();
  CHECK(world.guard->next_look() > world.clock.monotonic_ms());
  world.serve();
  world.guard->tick();
  CHECK(world.guard->next_look() > world.clock.monotonic_ms());
}

TEST_CASE("an empty, an unknown and a malformed request get an error, and the guard goes on") {
  GuardWorld world;
  const auto frame = world.monitor->answer({GuardWorld::kNet, 1}, {});
  CHECK(parse_answer(frame.bytes).error().code == ErrorCode::kInvalidInput);
  CHECK(world.ask(GuardWorld::kNet, static_cast<Ask>(200)).error().code == ErrorCode::kUnsupported);
  CHECK(world.ask(GuardWorld::kNet, Ask::kReportWeb, Bytes(1000, 0xff)).error().code == ErrorCode::kInvalidInput);
  CHECK(world.monitor->refused() == 3);
  CHECK_FALSE(world.status().enrolled);
}

TEST_CASE("what net may not ask is an event, however often it tries only one an hour", "[R11]") {
  GuardWorld world;
  world.enrol();
  for (int i = 0; i < 100; ++i) CHECK_FALSE(world.ask(GuardWorld::kNet, Ask::kEvents, make_events_question({})));
  CHECK_FALSE(world.ask(GuardWorld::kNet, static_cast<Ask>(99)));
  auto rows = world.book();
  CHECK(std::ranges::count(rows, "guard.refused-ask events:permission-denied") == 1);
  CHECK(std::ranges::count(rows, "guard.refused-ask unknown:unsupported") == 1);
  world.clock.time += 3601;
  world.guard->tick();
  rows = world.book();
  CHECK(std::ranges::count(rows, "guard.refused-ask events:permission-denied") == 2);
  const auto entries = world.entries();
  CHECK(std::ranges::any_of(entries, [](const QueuedEvent& e) { return must(sync::parse_event_body(e.body)).count == 99; }));
}

TEST_CASE("a stranger's refused requests are counted and are no events") {
  GuardWorld world;
  world.enrol();
  const std::size_t before = world.book().size();
  for (int i = 0; i < 10; ++i) CHECK_FALSE(world.ask(kStranger, Ask::kGetFilter));
  CHECK(world.book().size() == before);
  CHECK(world.monitor->refused() == 10);
}
