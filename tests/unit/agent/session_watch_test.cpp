#include "agent/guard/session_watch.h"

#include <catch2/catch.hpp>
#include <memory>

#include "platform/files.h"
#include "tests/unit/agent/event_store_world.h"
#include "tests/unit/agent/fake_sessions.h"

using namespace caretaker;
using namespace caretaker::agent;
using platform::Session;

namespace {

constexpr std::uint32_t kBen = 1001;   // a pupil
constexpr std::uint32_t kAnna = 1002;  // staff

class WatchClock final : public Clock {
 public:
  UnixSeconds now() const override { return wall; }
  MonotonicMs monotonic_ms() const override { return ms; }
  UnixSeconds wall = 1'790'000'000;
  MonotonicMs ms = 100'000'000;
};

struct WatchWorld {
  TemporaryFolder folder;
  WatchClock clock;
  FakeSessions sessions;
  policy::Policy policy;
  std::vector<Subject> events;
  SessionWatch watch = begin();

  SessionWatch begin() {
    const auto find_user = [](std::uint32_t uid) -> Result<platform::User> {
      if (uid == kBen) return platform::User{kBen, "ben", {"pupils"}, true};
      if (uid == kAnna) return platform::User{kAnna, "anna", {"staff"}, true};
      return make_error(ErrorCode::kNotFound, "nobody");
    };
    return {sessions, find_user, [this](const Subject& subject) { events.push_back(subject); }, {folder / "refused", folder / "last-look"}, clock};
  }
  void begin_anew() {
    std::destroy_at(&watch);
    std::construct_at(&watch, begin());
  }
  WatchWorld() {
    policy::Group pupils, staff, device;
    pupils.name = "pupils";
    pupils.os_groups = {"pupils"};
    staff.name = "staff";
    staff.os_groups = {"staff"};
    device.name = "device";
    device.is_default = true;
    policy.groups = {pupils, staff, device};
  }
  Session& log_in(const std::string& id, std::uint32_t uid) {
    Session session;
    session.id = id;
    session.uid = uid;
    session.seat = "seat0";
    session.is_active = true;
    session.last_input = clock.ms;
    sessions.there.push_back(session);
    return sessions.there.back();
  }
  void pass_to(MonotonicMs until) {
    while (std::max(watch.next(), clock.ms) < until) {
      const MonotonicMs next = std::max(watch.next(), clock.ms);
      clock.wall += (next - clock.ms) / 1000;
      clock.ms = next;
      watch.on_time(policy);
    }
    clock.wall += (until - clock.ms) / 1000;
    clock.ms = until;
    watch.on_time(policy);
  }
  void pass(MonotonicMs ms) { pass_to(clock.ms + ms); }
  // Nobody looks meanwhile, and whoever wakes the machine presses a key.
  void sleep(MonotonicMs ms) {
    clock.ms += ms;
    clock.wall += ms / 1000;
    sessions.there[0].last_input = clock.ms;
  }
  // It locks, and a minute later somebody types the password.
  void lock_and_open() {
    sessions.there[0].is_locked = true;
    pass(60'000);
    sessions.there[0].is_locked = false;
    sessions.there[0].last_input = clock.ms;
  }
};

using Deeds = std::vector<std::string>;
constexpr MonotonicMs kMinute = 60'000;

}  // namespace

TEST_CASE("a screen locks when its limit is reached, and that is no event", "[R1]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.pass(10 * kMinute - 1);
  CHECK(world.sessions.deeds.empty());
  world.pass(1);
  CHECK(world.sessions.deeds == Deeds{"lock 1"});
  world.sessions.there[0].is_locked = true;
  world.pass(60 * kMinute);
  CHECK(world.sessions.deeds.size() == 1);
  CHECK(world.events.empty());
}

TEST_CASE("after a sleep past the limit the screen locks, whoever woke the machine, and a locker that does not come up has ours after it", "[R1]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.pass(kMinute);
  world.sleep(5 * kMinute);
  world.pass(1000);
  CHECK(world.sessions.deeds.empty());
  world.sleep(11 * kMinute);
  world.pass(1000);
  CHECK(world.sessions.deeds == Deeds{"lock 1"});
  world.sessions.there[0].last_input = world.clock.ms;
  world.pass(policy::kConfirmMs);
  CHECK(world.sessions.deeds == Deeds{"lock 1", "own locker 1"});
  world.lock_and_open();
  world.pass(9 * kMinute);
  CHECK(world.sessions.deeds.size() == 2);
}

TEST_CASE("a guard that is started anew after a sleep, by a watchdog that has counted it, knows of the sleep", "[R1]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.pass(kMinute);
  world.sleep(11 * kMinute);
  SECTION("as it was") {
    world.begin_anew();
    world.pass(1000);
    CHECK(world.sessions.deeds == Deeds{"lock 1"});
  }
  SECTION("but what was stopped in order, and left people alone meanwhile, has seen no sleep") {
    world.watch.forget_look();
    world.begin_anew();
    world.pass(1000);
    CHECK(world.sessions.deeds.empty());
  }
  SECTION("what is kept of the last look is of another start of the machine, or no look at all") {
    const auto text = GENERATE("999999999999\n1 5\n", "-5\n", "", "rubbish");
    REQUIRE(platform::replace_file(world.folder / "last-look", as_bytes(std::string_view(text)), 0600));
    world.begin_anew();
    world.pass(1000);
    CHECK(world.sessions.deeds.empty());
    world.pass(10 * kMinute);
    CHECK(world.sessions.deeds == Deeds{"lock 1"});
  }
}

TEST_CASE("a session that began moments before a sleep, and that nobody has looked at yet, locks after it", "[R1]") {
  WatchWorld world;
  world.pass(kMinute);
  world.log_in("1", kBen);
  world.sleep(11 * kMinute);
  if (GENERATE(false, true)) world.begin_anew();
  world.pass(1000);
  CHECK(world.sessions.deeds == Deeds{"lock 1"});
}

TEST_CASE("idleness before a sleep counts with it, and a policy that came meanwhile makes nobody forget the sleep", "[R1]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.pass(6 * kMinute);
  world.sleep(6 * kMinute);
  world.watch.on_new_policy();
  world.pass(1000);
  CHECK(world.sessions.deeds == Deeds{"lock 1"});
}

TEST_CASE("whoever comes back to a session that was switched away from finds it covered", "[R1]") {
  WatchWorld world;
  world.policy.groups[1].idle_lock.if_not_locked = policy::IfNotLocked::kSwitchAway;
  world.log_in("1", kAnna).kind = Session::Kind::kConsole;
  world.pass(10 * kMinute);
  CHECK(world.sessions.deeds == Deeds{"switch 1"});
  world.sessions.there[0].is_active = false;
  world.pass(30 * kMinute);
  CHECK(world.sessions.deeds.size() == 1);
  world.sessions.there[0].is_active = true;
  world.sessions.there[0].last_input = world.clock.ms;
  world.pass(3000);
  CHECK(world.sessions.deeds == Deeds{"switch 1", "own locker 1"});
  world.lock_and_open();
  world.pass(9 * kMinute);
  CHECK(world.sessions.deeds.size() == 2);
}

TEST_CASE("whoever comes back to a session that somebody left by hand finds it covered once it was over its limit, and not before", "[R1]") {
  const auto kind = GENERATE(Session::Kind::kConsole, Session::Kind::kGraphical);
  WatchWorld world;
  world.policy.groups[1].idle_lock.if_not_locked = policy::IfNotLocked::kSwitchAway;
  world.log_in("1", kAnna).kind = kind;
  const Deeds asked = kind == Session::Kind::kGraphical ? Deeds{"lock 1"} : Deeds{};
  world.pass(kMinute);
  world.sessions.there[0].is_active = false;
  world.pass(5 * kMinute);
  world.sessions.there[0].is_active = true;
  world.sessions.there[0].last_input = world.clock.ms;
  world.pass(kMinute);
  world.sessions.there[0].is_active = false;
  CHECK(world.sessions.deeds.empty());
  SECTION("long after it") { world.pass(20 * kMinute); }
  SECTION("just after it") { world.pass(9 * kMinute + 1000); }
  CHECK(world.sessions.deeds == asked);
  world.sessions.there[0].is_active = true;
  world.sessions.there[0].last_input = world.clock.ms;
  world.pass(6000);
  CHECK(world.sessions.deeds.size() == asked.size() + 1);
  CHECK(world.sessions.deeds.back() == "own locker 1");
  world.lock_and_open();
  world.pass(9 * kMinute);
  CHECK(world.sessions.deeds.size() == asked.size() + 1);
}

TEST_CASE("whoever opens the cover with their own password owes nothing, and finds others' sessions behind it covered", "[R1]") {
  const bool has_begun_anew = GENERATE(false, true);
  WatchWorld world;
  world.policy.groups[1].idle_lock.if_not_locked = policy::IfNotLocked::kSwitchAway;
  world.log_in("anna", kAnna).kind = Session::Kind::kConsole;
  world.sessions.there[0].is_active = false;
  world.log_in("ben", kBen).kind = Session::Kind::kConsole;
  world.pass(10 * kMinute);
  CHECK(world.sessions.deeds == Deeds{"own locker ben"});
  const auto cover = [&world](bool on) {
    for (Session& session : world.sessions.there) session.is_covered = on;
    world.sessions.there[1].is_active = !on;  // the cover has a console of its own
  };
  cover(true);
  world.pass(1000);
  if (has_begun_anew) world.begin_anew();
  world.pass(20 * kMinute);
  CHECK(world.sessions.deeds.size() == 1);
  cover(false);
  world.sessions.there[1].last_input = world.clock.ms;
  if (!has_begun_anew && GENERATE(false, true)) {  // before anybody has looked
    world.sessions.there[1].is_active = false;
    world.sessions.there[0].is_active = true;
    world.sessions.there[0].last_input = world.clock.ms;
    world.pass_to(world.watch.next());
    CHECK(world.sessions.deeds == Deeds{"own locker ben", "switch anna"});
    return;
  }
  world.pass(9 * kMinute);
  CHECK(world.sessions.deeds.size() == 1);
  world.sessions.there[1].is_active = false;
  world.sessions.there[0].is_active = true;
  world.sessions.there[0].last_input = world.clock.ms;
  world.pass(3000);
  CHECK(world.sessions.deeds == Deeds{"own locker ben", "own locker anna"});
}

TEST_CASE("a cover that is opened as soon as it is there was one", "[R1]") {
  WatchWorld world;
  world.log_in("ben", kBen).kind = Session::Kind::kConsole;
  world.pass(10 * kMinute);
  CHECK(world.sessions.deeds == Deeds{"own locker ben"});
  world.pass(300);
  world.sessions.there[0].is_covered = true;
  world.pass(1000);
  world.sessions.there[0].is_covered = false;
  world.sessions.there[0].last_input = world.clock.ms;
  world.pass(9 * kMinute);
  CHECK(world.sessions.deeds.size() == 1);
}

TEST_CASE("each group has its own limit and each session its own idleness", "[R1]") {
  WatchWorld world;
  world.policy.groups[1].idle_lock.after_minutes = 20;
  world.log_in("ben", kBen);
  world.log_in("anna", kAnna);
  world.pass(10 * kMinute);
  CHECK(world.sessions.deeds == Deeds{"lock ben"});
  world.sessions.there[0].is_locked = true;
  world.pass(10 * kMinute);
  CHECK(world.sessions.deeds == Deeds{"lock ben", "lock anna"});
}

TEST_CASE("on a lost device every session but root's is locked, then ended where it is used on, and a code can be typed", "[R22]") {
  WatchWorld world;
  world.log_in("ben", kBen);
  world.log_in("root", 0);
  world.watch.set_device_locked(true);
  world.pass(1000);
  CHECK(world.sessions.deeds == Deeds{"ask for code", "lock ben"});
  world.sessions.there[0].is_locked = true;
  world.pass(5 * kMinute);
  CHECK(world.sessions.deeds.size() == 2);
  world.sessions.there[0].last_input = world.clock.ms;  // typed the password of the screen
  world.sessions.there[0].is_locked = false;
  world.pass(4000);
  CHECK(world.sessions.deeds.back() == "end ben");
  world.watch.set_device_locked(false);
  world.sessions.deeds.clear();
  world.pass(kMinute);
  CHECK(world.sessions.deeds.empty());
}

TEST_CASE("when no locker answers, ours is started, and at last the session ends; both are events", "[R1]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.pass(10 * kMinute + 10'000);
  CHECK(world.sessions.deeds == Deeds{"lock 1", "own locker 1", "end 1"});
  REQUIRE(world.events.size() == 2);
  CHECK(world.events[0].kind == "session.lock");
  CHECK(world.events[0].rule == "lock.own-locker");
  CHECK(world.events[1].rule == "lock.ended");
  REQUIRE(world.events[1].details);
  CHECK(world.events[1].details->fields.at("user") == "ben");
}

TEST_CASE("a step that cannot be taken is an event, and the next one follows", "[R1]") {
  WatchWorld world;
  world.sessions.has_own_locker = false;
  world.log_in("1", kBen);
  world.pass(10 * kMinute + 10'000);
  CHECK(world.sessions.deeds == Deeds{"lock 1", "end 1"});
  REQUIRE_FALSE(world.events.empty());
  CHECK(world.events[0].rule == "lock.own-locker.failed");
}

TEST_CASE("a session that could not be ended is to end each minute anew, until it does", "[R1]") {
  WatchWorld world;
  world.policy.groups[0].idle_lock.if_not_locked = policy::IfNotLocked::kEndSession;
  world.log_in("1", kBen);
  world.sessions.is_busy = true;
  world.pass(13 * kMinute);
  CHECK(world.sessions.deeds == Deeds{"lock 1"});
  CHECK(world.events.size() == 3);
  CHECK(world.events.back().rule == "lock.ended.failed");
  world.sessions.is_busy = false;
  world.pass(kMinute);
  CHECK(world.sessions.deeds == Deeds{"lock 1", "end 1"});
}

TEST_CASE("somebody who comes back starts anew", "[R1]") {
  WatchWorld world;
  world.policy.groups[0].idle_lock.notice_seconds = 30;
  world.log_in("1", kBen);
  world.pass(10 * kMinute - 20'000);
  REQUIRE(world.sessions.deeds.size() == 1);
  CHECK(world.sessions.deeds[0].find("tell 1: The screen locks in 30 seconds") == 0);
  world.sessions.there[0].last_input = world.clock.ms;
  world.pass(10 * kMinute - 1);
  CHECK(world.sessions.deeds.size() == 2);  // a second notice, no lock
  CHECK(world.sessions.deeds[1].find("tell 1:") == 0);
}

TEST_CASE("a machine that slept is locked soon after it wakes", "[R1]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.pass(kMinute);
  world.clock.ms += 8 * 60 * kMinute;
  world.watch.on_time(world.policy);
  CHECK(world.sessions.deeds == Deeds{"lock 1"});
}

TEST_CASE("a wall clock that jumps locks nothing and opens nothing", "[R1]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.pass(kMinute);
  world.clock.wall += 400 * 86'400;
  world.pass(kMinute);
  CHECK(world.sessions.deeds.empty());
  world.clock.wall -= 800 * 86'400;
  world.pass(8 * kMinute);
  CHECK(world.sessions.deeds == Deeds{"lock 1"});
}

TEST_CASE("while logind is kept from answering an idle screen is covered all the same, and that is an event of weight", "[R1]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.pass(1000);
  world.sessions.is_silent = true;
  world.sessions.last_use = world.clock.ms;
  const MonotonicMs left = world.clock.ms;
  world.pass(2 * kMinute);
  REQUIRE(world.events.size() == 1);
  CHECK(world.events[0].rule == "sessions-unknown");
  CHECK(world.events[0].severity == sync::Severity::kHigh);
  world.pass_to(left + 10 * kMinute - 1);
  CHECK(world.sessions.deeds.empty());
  world.pass(1);
  CHECK(world.sessions.deeds == Deeds{"cover"});
  REQUIRE(world.events.size() == 2);
  CHECK(world.events[1].kind == "session.lock");
  CHECK(world.events[1].rule == "lock.unseen");
  world.pass(60 * kMinute);
  CHECK(world.sessions.deeds.size() == 1);
  world.sessions.is_covered = false;  // somebody has typed the password
  world.sessions.last_use = world.clock.ms;
  world.pass(10 * kMinute);
  CHECK(world.sessions.deeds == Deeds{"cover", "cover"});
  CHECK(world.events.size() == 3);
}

TEST_CASE("a screen that nobody can cover is reported, and one that cannot be typed on is left alone", "[R1]") {
  WatchWorld world;
  world.sessions.is_silent = true;
  world.pass(60 * kMinute);
  CHECK(world.sessions.deeds.empty());
  world.sessions.has_own_locker = false;
  world.sessions.last_use = 0;
  world.pass(kMinute);
  CHECK(world.events.back().rule == "lock.unseen.failed");
}

TEST_CASE("a log-in prompt that was covered while logind was kept busy is uncovered when it answers, since nobody has its password", "[R1]") {
  WatchWorld world;
  world.pass(1000);
  world.sessions.last_use = world.clock.ms;
  world.sessions.is_silent = true;
  world.pass(20 * kMinute);
  CHECK(world.sessions.deeds == Deeds{"cover"});
  world.sessions.is_silent = false;
  world.pass(20'000);
  CHECK(world.sessions.deeds == Deeds{"cover", "uncover"});
}

TEST_CASE("somebody's screen that was covered while logind was kept busy stays covered when it answers", "[R1]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.pass(1000);
  world.sessions.last_use = world.clock.ms;
  world.sessions.is_silent = true;
  world.pass(20 * kMinute);
  world.sessions.there[0].is_active = false;
  world.sessions.there[0].is_covered = true;
  world.sessions.is_silent = false;
  world.pass(20'000);
  CHECK(world.sessions.deeds == Deeds{"cover"});
}

TEST_CASE("logind that is slow to start is nobody's doing, and who sits there when it answers is asked as ever", "[R1]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.sessions.last_use = world.clock.ms;
  world.sessions.is_silent = true;
  const MonotonicMs left = world.clock.ms;
  world.pass(40'000);
  world.sessions.is_silent = false;
  world.pass_to(left + 10 * kMinute);
  CHECK(world.events.empty());
  CHECK(world.sessions.deeds == Deeds{"lock 1"});
}

TEST_CASE("who may not use the machine does not gain it by keeping logind busy, however much he types", "[R15][R22]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.pass(1000);
  world.sessions.is_silent = true;
  world.sessions.last_use = INT64_MAX;
  SECTION("somebody else is suspended") {
    world.policy.suspended["anna"] = world.clock.wall + 3600;
    world.watch.on_new_policy();
    world.pass(5 * kMinute);
    CHECK(world.sessions.deeds.empty());
  }
  SECTION("he is suspended") {
    world.policy.suspended["ben"] = world.clock.wall + 3600;
    world.watch.on_new_policy();
    world.pass(5 * kMinute);
    CHECK(world.sessions.deeds == Deeds{"cover"});
  }
  SECTION("the device is lost") {
    world.watch.set_device_locked(true);
    world.pass(5 * kMinute);
    CHECK(world.sessions.deeds == Deeds{"ask for code", "cover"});
  }
}

TEST_CASE("the night comes also while nobody tells who is there", "[R24]") {
  WatchWorld world;
  world.log_in("1", kBen);
  world.policy.groups[0].power_off = policy::PowerOff{local_second_of_day(world.clock.wall) / 60 + 20, 5, 0};
  world.pass(1000);
  world.sessions.is_silent = true;
  world.sessions.last_use = INT64_MAX;
  world.pass(30 * kMinute);
  CHECK(std::ranges::count(world.sessions.deeds, "power off") >= 1);
}

TEST_CASE("who is suspended is locked at once, again after each return, and named to the log-in", "[R15]") {
  WatchWorld world;
  world.policy.suspended["ben"] = world.clock.wall + 3600;
  world.log_in("1", kBen);
  world.log_in("2", kAnna);
  world.pass(1);
  CHECK(world.sessions.deeds == Deeds{"lock 1"});
  const auto names = platform::read_file(world.folder / "refused", 1000);
  REQUIRE(names);
  CHECK(as_text(*names) == "ben\n");
  world.sessions.there[0].is_locked = true;
  world.pass(20'000);
  world.sessions.there[0].is_locked = false;
  world.sessions.there[0].last_input = world.clock.ms;
  world.pass(kMinute / 2);
  REQUIRE(world.sessions.deeds.size() >= 2);
  CHECK(world.sessions.deeds[1] == "lock 1");
  world.sessions.there[0].is_locked = true;  // or says so
  world.sessions.there[0].last_input = world.clock.ms + 10'000;
  world.pass(20'000);
  CHECK(world.sessions.deeds.back() == "end 1");
}

TEST_CASE("a suspension ends by itself", "[R15]") {
  WatchWorld world;
  world.policy.suspended["ben"] = world.clock.wall + 60;
  world.pass(1);
  world.pass(2 * kMinute);
  CHECK(as_text(*platform::read_file(world.folder / "refused", 1000)).empty());
  world.log_in("1", kBen);
  world.pass(kMinute);
  CHECK(world.sessions.deeds.empty());
}

TEST_CASE("a clock that is set into the night leaves the whole warning", "[R24]") {
  WatchWorld world;
  world.policy.groups[2].power_off = policy::PowerOff{local_second_of_day(world.clock.wall) / 60, 10, 0};
  world.clock.wall -= 6 * 3600;
  world.pass(60 * kMinute);
  CHECK(world.sessions.deeds.empty());
  world.clock.wall += 6 * 3600;
  world.pass(9 * kMinute);
  CHECK(world.sessions.deeds.empty());
  world.pass(2 * kMinute);
  REQUIRE_FALSE(world.sessions.deeds.empty());
  CHECK(world.sessions.deeds[0] == "power off");
}

TEST_CASE("a policy that comes at night leaves the whole warning", "[R24]") {
  WatchWorld world;
  world.pass(60 * kMinute);
  world.policy.groups[2].power_off = policy::PowerOff{local_second_of_day(world.clock.wall) / 60 - 60, 10, 0};
  if (world.policy.groups[2].power_off->at_minute < 0) world.policy.groups[2].power_off->at_minute += 1440;
  world.watch.on_new_policy();
  world.pass(9 * kMinute);
  CHECK(world.sessions.deeds.empty());
  world.pass(2 * kMinute);
  CHECK_FALSE(world.sessions.deeds.empty());
}

TEST_CASE("the machine is switched off for the night after one warning, and staff may put it off", "[R24]") {
  WatchWorld world;
  const std::int64_t minute = local_second_of_day(world.clock.wall) / 60;
  world.policy.groups[1].power_off = policy::PowerOff{(minute + 30) % 1440, 10, 1};
  world.policy.groups[1].idle_lock.after_minutes = 240;
  world.log_in("anna", kAnna);
  world.pass(10 * kMinute);
  CHECK(world.watch.snooze(world.policy, kAnna).error().code == ErrorCode::kNotFound);  // nothing to put off yet
  world.pass(15 * kMinute);
  REQUIRE(world.sessions.deeds.size() == 1);
  CHECK(world.sessions.deeds[0].find("tell anna: This machine switches off in ") == 0);
  CHECK(world.sessions.deeds[0].find("caretaker snooze") != std::string::npos);
  CHECK(world.watch.snooze(world.policy, kAnna));
  CHECK(world.watch.snooze(world.policy, kAnna).error().code == ErrorCode::kPermissionDenied);
  CHECK(world.watch.snooze(world.policy, kBen).error().code == ErrorCode::kNotFound);
  world.pass(24 * kMinute);
  CHECK(world.sessions.deeds.size() == 1);
  world.pass(16 * kMinute);
  REQUIRE(world.sessions.deeds.size() >= 3);
  CHECK(world.sessions.deeds[2] == "power off");
  CHECK(world.events.at(0).kind == "power.off");
}
