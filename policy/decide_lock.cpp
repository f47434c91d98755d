#include "policy/decide_lock.h"

#include <algorithm>
#include <array>

namespace caretaker::policy {
namespace {

constexpr MonotonicMs kMinuteMs = 60'000;

// What is tried, in this order; kNone: nothing further.
std::array<LockStep, 3> ladder(const SessionFacts& facts, IfNotLocked escalation) {
  if (facts.kind == SessionKind::kRemote) return {LockStep::kEndSession, LockStep::kNone, LockStep::kNone};
  const LockStep first = facts.kind == SessionKind::kGraphical ? LockStep::kAskToLock : LockStep::kNone;
  LockStep second = LockStep::kEndSession;
  if (escalation == IfNotLocked::kOwnLocker && !facts.is_behind && !facts.is_on_other_seat) second = LockStep::kOwnLocker;
  if (escalation == IfNotLocked::kSwitchAway && !facts.is_on_other_seat) second = LockStep::kSwitchAway;
  // Switching away ends nothing, an unsaved essay stays; whoever is in front all the same, or again, is covered.
  LockStep third = second == LockStep::kOwnLocker ? LockStep::kEndSession : LockStep::kNone;
  if (second == LockStep::kSwitchAway) third = LockStep::kOwnLocker;
  if (first == LockStep::kNone) return {second, third, LockStep::kNone};
  return {first, second, third};
}

// What ends the ladder is taken again while the session is as it was: logind may have been busy, or the locker.
LockStep last_of(const std::array<LockStep, 3>& steps) {
  const auto last = std::ranges::find_if(steps.rbegin(), steps.rend(), [](LockStep step) { return step != LockStep::kNone; });
  return last == steps.rend() ? LockStep::kNone : *last;
}

}  // namespace

std::string_view lock_step_name(LockStep step) {
  switch (step) {
    case LockStep::kNone: return "lock.none";
    case LockStep::kNotice: return "lock.notice";
    case LockStep::kAskToLock: return "lock.asked";
    case LockStep::kOwnLocker: return "lock.own-locker";
    case LockStep::kSwitchAway: return "lock.switched-away";
    case LockStep::kEndSession: return "lock.ended";
  }
  return "lock.none";
}

MonotonicMs lock_limit(const IdleLock& rules, bool is_inhibited) {
  return (is_inhibited ? std::max(rules.after_minutes, rules.video_minutes) : rules.after_minutes) * kMinuteMs;
}

LockDecision decide_lock(const IdleLock& rules, const SessionFacts& facts, const LockProgress& progress, MonotonicMs now) {
  const MonotonicMs limit = lock_limit(rules, facts.is_inhibited);
  if (facts.is_locked) return {LockStep::kNone, rules.after_minutes * kMinuteMs};
  if (facts.idle_ms < limit) {
    const MonotonicMs left = limit - facts.idle_ms;
    const MonotonicMs notice = rules.notice_seconds * 1000;
    if (left > notice) return {LockStep::kNone, left - notice};
    return {progress.has_noticed ? LockStep::kNone : LockStep::kNotice, left};
  }
  const auto steps = ladder(facts, rules.if_not_locked);
  const auto next = static_cast<std::size_t>(progress.steps);
  const bool is_again = next >= steps.size() || steps[next] == LockStep::kNone;
  const LockStep step = is_again ? last_of(steps) : steps[next];
  // The screen is another's: it is left already, and to cover it would cover theirs.
  if (facts.is_behind && step == LockStep::kSwitchAway) return {LockStep::kNone, kConfirmMs, true, true};
  const bool would_cover_another = facts.is_behind && step == LockStep::kOwnLocker;
  if (would_cover_another) return {LockStep::kNone, rules.after_minutes * kMinuteMs, true};
  const MonotonicMs pause = is_again ? kTryAgainMs : kConfirmMs;
  const MonotonicMs since = now - progress.last_step;
  if (progress.steps > 0 && since < pause) {
    const bool is_ours_coming = since < kConfirmMs && (is_again ? step : steps[next - 1]) == LockStep::kOwnLocker;
    return {LockStep::kNone, std::min(pause - since, is_ours_coming ? kGlanceMs : pause), true};
  }
  const bool is_left = facts.is_behind && next + 1 < steps.size() && steps[next + 1] == LockStep::kSwitchAway;
  return {step, step == LockStep::kOwnLocker ? kGlanceMs : kConfirmMs, true, is_left};
}

LockDecision decide_suspended(const SessionFacts& facts, const LockProgress& progress, MonotonicMs since, MonotonicMs now) {
  if (now - facts.idle_ms > since + kSuspendedUseMs) return {LockStep::kEndSession, kConfirmMs};
  IdleLock rules;
  rules.if_not_locked = IfNotLocked::kEndSession;
  SessionFacts left = facts;
  left.idle_ms = INT32_MAX;
  left.is_inhibited = false;
  return decide_lock(rules, left, progress, now);
}

}  // namespace caretaker::policy
