// The lockers that belong to a desktop, lock when logind asks and never tell it that they have: those of MATE, Xfce and Cinnamon, and light-locker.
// Port: D-Bus on Linux.
#pragma once

#include <optional>

#include "platform/base/clock.h"
#include "platform/base/result.h"

namespace caretaker::platform {

constexpr MonotonicMs kLockingMs = 10'000;  // from being asked until it has locked, at the most

struct DesktopLockerFacts {
  bool is_active = false;  // covers the screen. By itself that is no lock: it may be a saver that any key ends
  bool is_told = false;    // logind has been told that the session is locked, because of this locker
  std::optional<MonotonicMs> since_asked_ms;  // since logind last asked the session to lock
};
// What logind is to be told of the session from now on (LockedHint); nothing: what it knows is right. Pure.
[[nodiscard]] std::optional<bool> decide_hint(const DesktopLockerFacts& facts);

// Tells logind of the user's own session as it locks and opens, until the desktop ends (ok). Sleeps in between. kUnavailable: one of the
// two buses is not there; another error: logind has no session for us.
[[nodiscard]] Status follow_desktop_lockers();

}  // namespace caretaker::platform
