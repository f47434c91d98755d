// What is to happen to the machine's screen while nobody tells who sits at it: the service that knows the sessions (logind) does not answer. Anybody
// who may ask it things can keep it so busy, so nothing may hang on its answer. Pure; any thread.
#pragma once

#include "policy/policy.h"

namespace caretaker::policy {

struct UnseenFacts {
  int silent_looks = 0;      // one after the other, without an answer
  MonotonicMs idle_ms = 0;   // since somebody last typed, moved or touched at the machine's own screen
  bool is_covered = false;   // our own locker has it
  bool is_shut = false;      // nobody may use it, or not whoever was last seen there
};

enum class UnseenStep {
  kNone,
  kCover,  // the machine's screen, by our own locker, which asks nobody
};

struct UnseenDecision {
  UnseenStep step = UnseenStep::kNone;
  bool is_news = false;      // for the book: severity high, since it is what somebody does who wants to be left alone
  MonotonicMs again_ms = 0;  // decide again after at most this long
};

inline constexpr int kSilentLooks = 4;               // a start, an upgrade: nobody answers for a moment
inline constexpr MonotonicMs kUnseenLookMs = 15'000;

// Whose rules count is not known either: the shortest time that any group has, without regard to films. A screen that is shut is covered whoever
// types, but not sooner than others: at a start its code has to be typed somewhere.
[[nodiscard]] UnseenDecision decide_unseen(const Policy& policy, const UnseenFacts& facts);

}  // namespace caretaker::policy
