#include "agent/guard/suspensions.h"

#include <algorithm>
#include <optional>

#include "tests/unit/agent/fake_sessions.h"
#include "tests/unit/agent/guard_world.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::agent;

namespace {

constexpr UnixSeconds kDay = 86'400;

struct SuspensionWorld {
  TemporaryFolder folder;
  TestClock clock;
  const UnixSeconds issued = clock.time;
  const policy::Suspensions ordered = {{"anna", issued + 30 * kDay}};
  std::optional<Suspensions> suspensions;

  SuspensionWorld() { start(); }
  void start() { suspensions.emplace(folder / "suspensions.json", clock); }
  bool is_in_force(UnixSeconds proved) { return suspensions->in_force(ordered, proved).contains("anna"); }
  bool is_in_force() { return is_in_force(issued); }
  void set_clock(std::int64_t by) {  // time does not pass
    clock.time += by;
    clock.apart -= by * 1000;
  }
  void pass(std::int64_t seconds) { clock.time += seconds; }
};

}  // namespace

TEST_CASE("a clock that is set ahead ends no suspension", "[R15]") {
  SuspensionWorld world;
  CHECK(world.is_in_force());
  world.set_clock(31 * kDay);
  CHECK(world.is_in_force());
  world.start();
  CHECK(world.is_in_force());
  SuspensionWorld ahead;
  ahead.set_clock(31 * kDay);  // before it was first told
  CHECK(ahead.is_in_force());
}

TEST_CASE("a time that the school has signed ends a suspension, and it stays over", "[R15]") {
  SuspensionWorld world;
  CHECK(world.is_in_force(world.issued + 30 * kDay - 1));
  CHECK_FALSE(world.is_in_force(world.issued + 30 * kDay));
  CHECK_FALSE(world.is_in_force());
  world.start();
  CHECK_FALSE(world.is_in_force());
}

TEST_CASE("without any word a suspension ends when the machine was on for as long as it had left", "[R15]") {
  SuspensionWorld world;
  CHECK(world.is_in_force());
  world.pass(30 * kDay - 1);
  CHECK(world.is_in_force());
  world.pass(1);
  CHECK_FALSE(world.is_in_force());
  SuspensionWorld behind;
  CHECK(behind.is_in_force());
  behind.set_clock(-100 * kDay);
  behind.pass(31 * kDay);
  CHECK(behind.is_in_force());  // by the clock it is not over
}

TEST_CASE("what was counted is kept over a restart, and what cannot be read is counted anew", "[R15]") {
  SuspensionWorld world;
  CHECK(world.is_in_force());
  world.pass(20 * kDay);
  CHECK(world.is_in_force());
  world.start();
  CHECK(world.is_in_force());
  world.pass(10 * kDay);
  CHECK_FALSE(world.is_in_force());
  for (const char* text : {"", "{", "[]", "{\"anna\":{\"until\":\"x\"}}", "{\"anna\":7}"}) {
    INFO(text);
    SuspensionWorld damaged;
    REQUIRE(platform::replace_file(damaged.folder / "suspensions.json", as_bytes(std::string(text)), 0600));
    damaged.start();
    CHECK(damaged.is_in_force());
  }
}

TEST_CASE("a suspension that is made longer or taken back is followed", "[R15]") {
  SuspensionWorld world;
  CHECK_FALSE(world.is_in_force(world.issued + 30 * kDay));
  CHECK(world.suspensions->in_force({{"anna", world.issued + 60 * kDay}}, world.issued + 30 * kDay).contains("anna"));
  CHECK(world.suspensions->in_force({}, world.issued).empty());
}

TEST_CASE("the guard keeps a suspended person out until a receipt proves the time, whatever the clock says", "[R15]") {
  GuardWorld world;
  FakeSessions sessions;
  world.settings.sessions = &sessions;
  world.start();
  const UnixSeconds until = world.clock.time + 2 * kDay;
  world.enrol();
  world.give(world.room.policy(1, std::string(kPolicyText) + "[suspended]\n\"anna\" = \"" + to_rfc3339(until) + "\"\n"));
  const auto refused = [&world] {
    world.guard->tick();
    const auto bytes = platform::read_file(world.settings.state / "refused-logins", 4096);
    return bytes ? std::string(as_text(*bytes)) : std::string("no file");
  };
  CHECK(refused() == "anna\n");
  world.clock.time += 3 * kDay;
  world.clock.apart = -3 * kDay * 1000 + 60'000;
  CHECK(refused() == "anna\n");
  world.check_in();  // the server's time is past the end
  world.clock.apart += 60'000;
  CHECK(refused().empty());
}

TEST_CASE("whoever was known when the directory answered is known when it does not", "[R15]") {
  GuardWorld world;
  FakeSessions sessions;
  sessions.there = {{"c1", GuardWorld::kAnna, platform::Session::Kind::kGraphical, "seat0", "tty7", true}};
  const auto somebody_types = [&] { sessions.there[0].last_input = world.clock.monotonic_ms(); };  // or it would lock because nobody is there
  world.settings.sessions = &sessions;
  bool answers = true;
  world.stop();
  world.guard = must(Guard::open(world.settings, world.clock, [&answers](std::uint32_t uid) -> Result<platform::User> {
    if (!answers) return make_error(ErrorCode::kUnavailable, "the directory is away");
    return platform::User{uid, "anna", {"pupils"}, true};
  }));
  world.monitor.emplace(*world.guard);
  world.enrol();
  world.give(world.room.policy(1, kPolicyText));
  somebody_types();
  world.guard->tick();
  CHECK(sessions.deeds.empty());
  answers = false;
  world.give(world.room.policy(2, std::string(kPolicyText) + "[suspended]\n\"anna\" = \"" + to_rfc3339(world.clock.time + kDay) + "\"\n"));
  world.clock.time += 20;
  somebody_types();
  world.guard->tick();
  CHECK(std::ranges::find(sessions.deeds, "lock c1") != sessions.deeds.end());
}
