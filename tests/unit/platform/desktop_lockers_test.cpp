#include "platform/desktop_lockers.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::platform;

TEST_CASE("A desktop's locker is a lock when it covers the screen because it was asked to", "[R1]") {
  CHECK(decide_hint({true, false, 0}) == true);
  CHECK(decide_hint({true, false, kLockingMs}) == true);
  CHECK(decide_hint({true, false, kLockingMs + 1}) == std::nullopt);
  CHECK(decide_hint({true, false, std::nullopt}) == std::nullopt);
  CHECK(decide_hint({false, false, 0}) == std::nullopt);
}

TEST_CASE("It is one until it covers the screen no more", "[R1]") {
  CHECK(decide_hint({true, true, std::nullopt}) == std::nullopt);
  CHECK(decide_hint({true, true, kLockingMs + 1}) == std::nullopt);
  CHECK(decide_hint({false, true, 0}) == false);
  CHECK(decide_hint({false, true, std::nullopt}) == false);
}
