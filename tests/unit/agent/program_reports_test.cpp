#include <catch2/catch.hpp>

#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

ProgramAttempt attempt(const std::string& name) { return {GuardWorld::kAnna, true, policy::ProgramReason::kOwned, name, TestClock().now()}; }

Bytes programs(std::vector<ProgramAttempt> attempts) {
  ProgramReport report;
  report.id = random_array<16>();
  report.attempts = std::move(attempts);
  return make_program_report(report);
}

}  // namespace

TEST_CASE("a program that was refused is an event whose details are sealed", "[R12]") {
  GuardWorld world;
  world.serve();
  must(world.ask(GuardWorld::kPrograms, Ask::kReportPrograms, programs({attempt("game.AppImage"), attempt("game.AppImage")})));
  const auto rows = world.book();
  CHECK(std::ranges::count(rows, "program.denied owned-by-user") == 1);  // the second is a repeat
  for (const QueuedEvent& event : world.entries()) CHECK(as_text(event.body).find("game") == std::string_view::npos);
}

TEST_CASE("a group of programs that is sent again is stored once", "[R12]") {
  GuardWorld world;
  world.serve();
  const Bytes group = programs({attempt("game")});
  must(world.ask(GuardWorld::kPrograms, Ask::kReportPrograms, group));
  must(world.ask(GuardWorld::kNet, Ask::kReportWeb, report({violation("casino.example")})));
  must(world.ask(GuardWorld::kPrograms, Ask::kReportPrograms, group));
  CHECK(std::ranges::count(world.book(), "program.denied owned-by-user") == 1);
}

TEST_CASE("names that no file has are counted, and take nobody else's with them; reasons that there are not are refused") {
  GuardWorld world;
  world.serve();
  for (const char* name : {"", "a/b", "a\nb", "\x1b[2J"}) {
    must(world.ask(GuardWorld::kPrograms, Ask::kReportPrograms, programs({attempt(name)})));
  }
  CHECK(world.noted("events.dropped programs-queue"));
  must(world.ask(GuardWorld::kPrograms, Ask::kReportPrograms, programs({attempt(""), attempt("\xff\xfe.AppImage")})));
  CHECK(std::ranges::count(world.book(), "program.denied owned-by-user") == 1);
  auto wrong = attempt("game");
  wrong.reason = policy::ProgramReason::kSystem;
  CHECK(world.ask(GuardWorld::kPrograms, Ask::kReportPrograms, programs({wrong})).error().code == ErrorCode::kInvalidInput);
  CHECK(std::ranges::count(world.book(), "program.denied owned-by-user") == 1);
}

TEST_CASE("programs that ran because nobody could judge them in time are counted in the book", "[R12]") {
  GuardWorld world;
  world.serve();
  ProgramReport report;
  report.let_through = 3;
  must(world.ask(GuardWorld::kPrograms, Ask::kReportPrograms, make_program_report(report)));
  CHECK(world.noted("program.unchecked too-slow"));
}

TEST_CASE("caretaker-programs that says nothing, or begins again without having stopped, is an event and a health code", "[R12]") {
  GuardWorld world;
  world.serve();
  const auto say = [&](std::uint8_t run, bool judges = true) { must(world.ask(GuardWorld::kPrograms, Ask::kReportProgramsState, make_programs_state({{run}, judges}))); };
  const auto wait = [&](int seconds) {
    for (int i = 0; i < seconds; i += 10) {
      world.clock.time += 10;
      world.guard->tick();
    }
  };
  world.guard->tick();
  say(1);
  CHECK(world.healthy("programs-silent"));
  say(1);
  say(1, false);
  say(2);
  say(2);
  CHECK_FALSE(world.noted("programs.changed ended"));
  say(3);
  CHECK(world.noted("programs.changed ended"));

  wait(60);
  CHECK_FALSE(world.noted("programs.changed silent"));
  wait(10);
  CHECK_FALSE(world.healthy("programs-silent"));
  CHECK(world.noted("programs.changed silent"));
  say(3);
  CHECK(world.healthy("programs-silent"));
  CHECK(world.noted("programs.changed judging"));
  world.clock.time += 3600;  // asleep
  world.guard->tick();
  CHECK(world.healthy("programs-silent"));

  CHECK_FALSE(world.ask(GuardWorld::kNet, Ask::kReportProgramsState, make_programs_state({})));
  CHECK_FALSE(world.ask(GuardWorld::kPrograms, Ask::kReportProgramsState, Bytes(17, 2)));
  CHECK_FALSE(world.ask(GuardWorld::kPrograms, Ask::kReportProgramsState));
}

TEST_CASE("who reads names and who judges programs can ask for the policy, and report nothing of each other's", "[R11][R12]") {
  GuardWorld world;
  world.serve();
  CHECK(world.ask(GuardWorld::kInspect, Ask::kGetFilter));
  CHECK(world.ask(GuardWorld::kPrograms, Ask::kGetFilter));
  CHECK(world.ask(GuardWorld::kInspect, Ask::kReportWeb, report({violation("casino.example")})));
  CHECK_FALSE(world.ask(GuardWorld::kPrograms, Ask::kReportWeb, report({violation("other.example")})));
  CHECK_FALSE(world.ask(GuardWorld::kInspect, Ask::kReportPrograms, programs({attempt("game")})));
  for (const Ask ask : {Ask::kNextBatch, Ask::kTakeAnswer, Ask::kGetUplink, Ask::kEvents}) {
    CHECK(world.ask(GuardWorld::kInspect, ask).error().code == ErrorCode::kPermissionDenied);
    CHECK(world.ask(GuardWorld::kPrograms, ask).error().code == ErrorCode::kPermissionDenied);
  }
}
