#include "platform/desktop_lockers.h"

namespace caretaker::platform {

std::optional<bool> decide_hint(const DesktopLockerFacts& facts) {
  if (facts.is_told) return facts.is_active ? std::nullopt : std::optional(false);
  const bool has_just_been_asked = facts.since_asked_ms && *facts.since_asked_ms <= kLockingMs;
  return facts.is_active && has_just_been_asked ? std::optional(true) : std::nullopt;
}

}  // namespace caretaker::platform
