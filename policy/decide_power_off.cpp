#include "policy/decide_power_off.h"

#include <algorithm>

namespace caretaker::policy {

PowerOffDecision decide_power_off(const PowerOff& rules, const NightFacts& facts) {
  constexpr std::int64_t kDay = 24 * 3600;
  const std::int64_t warning = rules.warning_minutes * 60;
  // Seconds since the warning was due, in the day that began then; so that a night may cross midnight.
  const std::int64_t begins = (rules.at_minute * 60 - warning + kDay) % kDay;
  const std::int64_t since = (facts.second_of_day - begins + kDay) % kDay;
  const std::int64_t night = warning + kNightMinutes * 60;
  if (since >= night) return {PowerOffDecision::Step::kNone, 0, kDay - since, false, false};
  const std::int64_t put_off = facts.snoozes_used * kSnoozeMinutes * 60;
  // Whoever has just switched it on gets the whole warning too.
  const std::int64_t due = std::max(warning + put_off, since - facts.seconds_up + warning);
  if (since >= due) return {PowerOffDecision::Step::kPowerOff, 0, 60, false, true};
  const std::int64_t left = due - since;
  if (left > warning) return {PowerOffDecision::Step::kNone, 0, left - warning, false, true};
  return {PowerOffDecision::Step::kWarn, left, left, facts.snoozes_used < rules.snoozes, true};
}

}  // namespace caretaker::policy
