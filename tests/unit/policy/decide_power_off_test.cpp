#include "policy/decide_power_off.h"

#include <catch2/catch.hpp>

using namespace caretaker::policy;

namespace {

using Step = PowerOffDecision::Step;
constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kUp = 100 * kHour;

std::int64_t at(int hour, int minute, int second = 0) {
  return hour * kHour + minute * 60 + second;
}

const PowerOff kHalfPastNine{21 * 60 + 30, 10, 0};

}  // namespace

TEST_CASE("a machine is warned before the hour and goes off at it", "[R24]") {
  CHECK(decide_power_off(kHalfPastNine, {at(12, 0), kUp, 0}).step == Step::kNone);
  CHECK(decide_power_off(kHalfPastNine, {at(12, 0), kUp, 0}).again_s == 9 * kHour + 20 * 60);
  CHECK(decide_power_off(kHalfPastNine, {at(21, 19, 59), kUp, 0}).step == Step::kNone);
  const auto warned = decide_power_off(kHalfPastNine, {at(21, 20), kUp, 0});
  CHECK(warned.step == Step::kWarn);
  CHECK(warned.seconds_left == 600);
  CHECK_FALSE(warned.may_snooze);
  CHECK(decide_power_off(kHalfPastNine, {at(21, 29, 59), kUp, 0}).step == Step::kWarn);
  CHECK(decide_power_off(kHalfPastNine, {at(21, 30), kUp, 0}).step == Step::kPowerOff);
}

TEST_CASE("the night ends: a machine may be switched on in the morning", "[R24]") {
  CHECK(decide_power_off(kHalfPastNine, {at(3, 29, 59), kUp, 0}).step == Step::kPowerOff);
  CHECK(decide_power_off(kHalfPastNine, {at(3, 30), kUp, 0}).step == Step::kNone);
  CHECK(decide_power_off(kHalfPastNine, {at(7, 0), 60, 0}).step == Step::kNone);
}

TEST_CASE("whoever switches it on at night has the whole warning", "[R24]") {
  const auto just_on = decide_power_off(kHalfPastNine, {at(23, 0), 0, 0});
  CHECK(just_on.step == Step::kWarn);
  CHECK(just_on.seconds_left == 600);
  CHECK(decide_power_off(kHalfPastNine, {at(23, 9, 59), 599, 0}).step == Step::kWarn);
  CHECK(decide_power_off(kHalfPastNine, {at(23, 10), 600, 0}).step == Step::kPowerOff);
}

TEST_CASE("staff may put it off as often as the policy says", "[R24]") {
  PowerOff rules = kHalfPastNine;
  rules.snoozes = 2;
  CHECK(decide_power_off(rules, {at(21, 25), kUp, 0}).may_snooze);
  CHECK(decide_power_off(rules, {at(21, 25), kUp, 1}).step == Step::kNone);
  CHECK(decide_power_off(rules, {at(21, 50), kUp, 1}).step == Step::kWarn);
  CHECK(decide_power_off(rules, {at(22, 25), kUp, 2}).step == Step::kWarn);
  CHECK_FALSE(decide_power_off(rules, {at(22, 25), kUp, 2}).may_snooze);
  CHECK(decide_power_off(rules, {at(22, 30), kUp, 2}).step == Step::kPowerOff);
  CHECK(decide_power_off(kHalfPastNine, {at(21, 50), kUp, 1}).step == Step::kWarn);  // put off by staff, and a pupil is in front
  CHECK_FALSE(decide_power_off(kHalfPastNine, {at(21, 50), kUp, 1}).may_snooze);
}

TEST_CASE("an hour just after midnight is warned of the day before", "[R24]") {
  const PowerOff rules{5, 10, 0};
  CHECK(decide_power_off(rules, {at(23, 54, 59), kUp, 0}).step == Step::kNone);
  CHECK(decide_power_off(rules, {at(23, 55), kUp, 0}).step == Step::kWarn);
  CHECK(decide_power_off(rules, {at(0, 5), kUp, 0}).step == Step::kPowerOff);
}

TEST_CASE("it never asks to be woken at once again and again") {
  for (std::int64_t second = 0; second < 24 * kHour; second += 37) {
    CHECK(decide_power_off(kHalfPastNine, {second, kUp, 0}).again_s > 0);
  }
}
