#include "platform/screen_lockers.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "platform/files.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::platform;

namespace {

constexpr unsigned kConsole7 = 4 << 8 | 7;
constexpr const char* kOwnUnit = "/system.slice/caretaker-lock.service";

// A table of processes as the kernel shows it; all belong to whoever runs the test.
struct Processes {
  TemporaryFolder folder;
  int last = 100;

  void start(const std::string& name, const std::string& group, unsigned terminal = 0) {
    const auto process = folder.path() / std::to_string(++last);
    std::filesystem::create_directory(process);
    REQUIRE(replace_file(process / "comm", as_bytes(name + "\n"), 0600));
    const std::string stat = std::to_string(last) + " (" + name + ") S 1 101 101 " + std::to_string(terminal) + " 101 4194560 0\n";
    REQUIRE(replace_file(process / "stat", as_bytes(stat), 0600));
    REQUIRE(replace_file(process / "cgroup", as_bytes("4:memory:/elsewhere\n0::" + group + "\n"), 0600));
  }
  [[nodiscard]] bool own_is_in_front(const std::string& terminal) {
    REQUIRE(replace_file(folder / "front", as_bytes(terminal + "\n"), 0600));
    return is_own_locker_in_front(folder.path(), folder / "front");
  }
  [[nodiscard]] bool covers(const Session& session) const { return is_covered_by_locker(session, folder.path()); }
};

Session session(const std::string& id, Session::Kind kind = Session::Kind::kGraphical, const std::string& seat = "seat0") {
  Session out;
  out.id = id;
  out.uid = ::getuid();
  out.kind = kind;
  out.seat = seat;
  return out;
}

std::string user_group() { return "/user.slice/user-" + std::to_string(::getuid()) + ".slice/"; }

}  // namespace

TEST_CASE("a locker covers the session that it runs in, and no other of the same user", "[R1]") {
  Processes processes;
  processes.start("swaylock", user_group() + "session-1.scope");
  CHECK(processes.covers(session("1")));
  CHECK(processes.covers(session("1", Session::Kind::kConsole)));  // a desktop that was started from a console
  CHECK_FALSE(processes.covers(session("11")));
  CHECK_FALSE(processes.covers(session("2")));
  CHECK_FALSE(processes.covers(session("2", Session::Kind::kConsole)));
  CHECK_FALSE(processes.covers(session("1", Session::Kind::kRemote, "")));
  Session somebody_elses = session("1");
  somebody_elses.uid += 1;
  CHECK_FALSE(processes.covers(somebody_elses));
}

TEST_CASE("a locker of the user's service manager covers that user's desktops, and no console", "[R1]") {
  Processes processes;
  processes.start("kscreenlocker_g", user_group() + "user@" + std::to_string(::getuid()) + ".service/session.slice/plasma.service");
  CHECK(processes.covers(session("1")));
  CHECK_FALSE(processes.covers(session("2", Session::Kind::kConsole)));
}

TEST_CASE("a program of another name, or elsewhere, is no locker", "[R1]") {
  Processes processes;
  processes.start("sway", user_group() + "session-1.scope");
  processes.start("swaylock", "/system.slice/cron.service");
  processes.start("physlock", user_group() + "session-1.scope");
  CHECK_FALSE(processes.covers(session("1")));
  processes.start("physlock", user_group() + "session-1.scope", kConsole7);
  CHECK_FALSE(processes.own_is_in_front("tty7"));
}

TEST_CASE("our own locker covers the machine's screen, and no other seat", "[R1]") {
  if (::getuid() != 0) {
    WARN("skipped: a process of root's is root's to show");
    return;
  }
  Processes processes;
  processes.start("physlock", kOwnUnit, kConsole7);
  CHECK(processes.own_is_in_front("tty7"));
  CHECK_FALSE(processes.covers(session("1")));  // it belongs to none
  CHECK(is_own_lockers(session("1")));
  CHECK(is_own_lockers(session("1", Session::Kind::kConsole)));
  CHECK_FALSE(is_own_lockers(session("1", Session::Kind::kGraphical, "seat1")));
  CHECK_FALSE(is_own_lockers(session("1", Session::Kind::kRemote, "")));
}

// Whoever has the console in front can keep it there (KD_GRAPHICS): then the locker has begun and waits.
TEST_CASE("our own locker covers nothing while another console is in front, or before it has one", "[R1]") {
  if (::getuid() != 0) {
    WARN("skipped: a process of root's is root's to show");
    return;
  }
  Processes processes;
  CHECK_FALSE(processes.own_is_in_front("tty7"));
  processes.start("physlock", kOwnUnit);
  CHECK_FALSE(processes.own_is_in_front("tty7"));
  CHECK_FALSE(processes.own_is_in_front(""));
  processes.start("physlock", kOwnUnit, kConsole7);
  CHECK_FALSE(processes.own_is_in_front("tty5"));
  CHECK(processes.own_is_in_front("tty7"));
}
