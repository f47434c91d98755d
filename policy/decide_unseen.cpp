#include "policy/decide_unseen.h"

#include <algorithm>

namespace caretaker::policy {
namespace {

MonotonicMs shortest_idle(const Policy& policy) {
  const auto minutes_of = [](const Group& group) { return group.idle_lock.after_minutes; };
  if (policy.groups.empty()) return IdleLock().after_minutes * 60'000;
  return std::ranges::min(policy.groups, {}, minutes_of).idle_lock.after_minutes * 60'000;
}

}  // namespace

UnseenDecision decide_unseen(const Policy& policy, const UnseenFacts& facts) {
  UnseenDecision out;
  out.is_news = facts.silent_looks == kSilentLooks;
  out.again_ms = kUnseenLookMs;
  if (facts.is_covered || facts.silent_looks < kSilentLooks) return out;
  const MonotonicMs left = facts.is_shut ? 0 : shortest_idle(policy) - facts.idle_ms;
  if (left <= 0) out.step = UnseenStep::kCover;
  if (left > 0) out.again_ms = std::min(left, kUnseenLookMs);
  return out;
}

}  // namespace caretaker::policy
