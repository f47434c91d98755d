// What a policy says about sessions: when an idle screen locks, when machines go off, who may not log in for a time. Values
// only; the decisions are in decide_lock.h, decide_power_off.h and policy.h (suspended_until).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "platform/base/clock.h"

namespace caretaker::policy {

// When a session was asked to lock and did not, from the mildest to the strictest.
enum class IfNotLocked { kSwitchAway, kOwnLocker, kEndSession };

struct IdleLock {
  std::int64_t after_minutes = 10;  // R1
  std::int64_t notice_seconds = 0;  // a countdown before it; 0: none
  std::int64_t video_minutes = 0;   // a program that keeps the screen on (an idle inhibitor) is honoured that long; 0: never
  IfNotLocked if_not_locked = IfNotLocked::kOwnLocker;
};

// R24. By the machine's own clock and time zone.
struct PowerOff {
  std::int64_t at_minute = 0;       // of the day, 0 to 1439
  std::int64_t warning_minutes = 10;
  std::int64_t snoozes = 0;         // how often a night the person at the machine may put it off, by kSnoozeMinutes each
};
inline constexpr std::int64_t kSnoozeMinutes = 30;

// User name -> until when. R15.
using Suspensions = std::map<std::string, UnixSeconds, std::less<>>;

}  // namespace caretaker::policy
