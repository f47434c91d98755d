// Whether a machine is to be switched off for the night (R24). Pure; any thread.
#pragma once

#include "policy/session_rules.h"

namespace caretaker::policy {

// The night lasts this long after the hour: a machine that is switched on in it goes off again, after its warning.
inline constexpr std::int64_t kNightMinutes = 6 * 60;

struct NightFacts {
  std::int64_t second_of_day = 0;  // local time
  std::int64_t seconds_up = 0;     // since start or resume, or since there was this rule
  std::int64_t snoozes_used = 0;   // this night, by whoever may, so that staff may put it off at a pupil's machine
};

struct PowerOffDecision {
  enum class Step { kNone, kWarn, kPowerOff };
  Step step = Step::kNone;
  std::int64_t seconds_left = 0;   // until it is switched off; only with kWarn
  std::int64_t again_s = 0;        // decide again after at most this long
  bool may_snooze = false;
  bool is_night = false;           // from the warning on: snoozes count within one night
};
[[nodiscard]] PowerOffDecision decide_power_off(const PowerOff& rules, const NightFacts& facts);

}  // namespace caretaker::policy
