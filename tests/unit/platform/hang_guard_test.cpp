#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <thread>

#include "platform/program_gate.h"

using namespace caretaker;
using platform::HangGuard;
using std::chrono::milliseconds;

namespace {

constexpr MonotonicMs kLimitMs = 600;

// Whether a process that does this under a guard lives to its end.
bool survives(const std::function<void(HangGuard&)>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    HangGuard guard(kLimitMs);
    work(guard);
    ::_exit(0);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void hang() { std::this_thread::sleep_for(milliseconds(10 * kLimitMs)); }

}  // namespace

TEST_CASE("a process that hangs at its work is ended, one that rests or goes on is not", "[R12]") {
  CHECK_FALSE(survives([](HangGuard& guard) {
    guard.touch();
    hang();
  }));
  CHECK_FALSE(survives([](HangGuard& guard) {
    guard.touch();
    guard.rest();
    std::this_thread::sleep_for(milliseconds(2 * kLimitMs));
    guard.touch();
    hang();
  }));
  CHECK(survives([](HangGuard&) { std::this_thread::sleep_for(milliseconds(2 * kLimitMs)); }));
  CHECK(survives([](HangGuard& guard) {
    guard.touch();
    guard.rest();
    std::this_thread::sleep_for(milliseconds(2 * kLimitMs));
  }));
  CHECK(survives([](HangGuard& guard) {
    for (int i = 0; i < 20; ++i) {
      guard.touch();
      std::this_thread::sleep_for(milliseconds(100));
    }
  }));
}
