#include "platform/stop_signal.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>

using namespace caretaker;
using namespace caretaker::platform;

TEST_CASE("a stop that is asked for is noticed and wakes once") {
  std::atomic<int> woken = 0;
  {
    auto stop = StopSignal::install([&] { ++woken; });
    REQUIRE(stop);
    CHECK_FALSE(stop->requested());
    CHECK(StopSignal::install([] {}).error().code == ErrorCode::kConflict);
    std::raise(SIGTERM);
    stop->wait();
    CHECK(stop->requested());
  }
  CHECK(woken == 1);
}

TEST_CASE("a stop signal that never comes ends quietly with its owner") {
  std::atomic<int> woken = 0;
  {
    REQUIRE(StopSignal::install([&] { ++woken; }));
  }
  {
    REQUIRE(StopSignal::install([&] { ++woken; }));
  }
  CHECK(woken == 0);
}
