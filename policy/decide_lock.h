// What is to happen to a session that nobody uses (R1): nothing yet, a notice, a lock, and a step further when it did not lock.
// Pure; any thread.
#pragma once

#include <optional>

#include "policy/session_rules.h"

namespace caretaker::policy {

enum class SessionKind {
  kGraphical,  // on a screen of this machine
  kConsole,    // text, on a screen of this machine: no locker of its own
  kRemote,     // from another machine: has no screen to lock
};

enum class LockStep { kNone, kNotice, kAskToLock, kOwnLocker, kSwitchAway, kEndSession };
[[nodiscard]] std::string_view lock_step_name(LockStep step);  // "lock.asked", "lock.ended", ...: the rule of its event

struct SessionFacts {
  SessionKind kind = SessionKind::kGraphical;
  MonotonicMs idle_ms = 0;    // since somebody last typed, moved or touched
  bool is_locked = false;     // confirmed, not only asked for
  bool is_inhibited = false;  // a program asks that the screen stays on
  bool is_behind = false;     // another session has the screen: covering that would cover somebody else's work
  bool is_on_other_seat = false;  // where there are no consoles: nothing of ours covers it, and there is nothing to switch to
};

// What was done in this idle spell; starts anew when somebody comes back.
struct LockProgress {
  int steps = 0;               // of the ladder, taken
  MonotonicMs last_step = 0;
  bool has_noticed = false;
};

struct LockDecision {
  LockStep step = LockStep::kNone;
  MonotonicMs again_ms = 0;    // decide again after at most this long
  bool is_over = false;        // idle for longer than it may be, and not locked
  bool is_left = false;        // to switch away comes next, and somebody has done so by hand: that step counts as taken too
};

inline constexpr MonotonicMs kConfirmMs = 5000;  // how long a locker has to come up, before the next step
inline constexpr MonotonicMs kGlanceMs = 1000;   // between looks meanwhile at our own, which may be opened again as soon as it is there
inline constexpr MonotonicMs kTryAgainMs = 60'000;  // before the last step of the ladder is taken once more

// How long it may be idle.
[[nodiscard]] MonotonicMs lock_limit(const IdleLock& rules, bool is_inhibited);

// The ladder: a graphical session is asked to lock; one that is not locked kConfirmMs later gets what the policy says, and the
// session is ended when that did not help either, each minute anew while it is still there; one that was switched away from, by hand too, is covered when it is in front again. Text consoles and remote sessions begin further up: nothing there would answer.
[[nodiscard]] LockDecision decide_lock(const IdleLock& rules, const SessionFacts& facts, const LockProgress& progress,
                                       MonotonicMs now);

inline constexpr MonotonicMs kSuspendedUseMs = 60'000;

// For somebody who may not use the machine now, since `since` (R15): locked as if nobody had been there for long, ended where there
// is no locker, and ended when it is used kSuspendedUseMs later still, whatever it says of itself.
[[nodiscard]] LockDecision decide_suspended(const SessionFacts& facts, const LockProgress& progress, MonotonicMs since,
                                            MonotonicMs now);

}  // namespace caretaker::policy
