#include "policy/decide_lock.h"

#include <catch2/catch.hpp>
#include <set>

using namespace caretaker;
using namespace caretaker::policy;

namespace {

constexpr MonotonicMs kMinute = 60'000;
constexpr MonotonicMs kNow = 1'000 * kMinute;

LockStep step_of(const IdleLock& rules, const SessionFacts& facts, const LockProgress& progress = {}) {
  return decide_lock(rules, facts, progress, kNow).step;
}

LockProgress after_steps(int steps, MonotonicMs ago) {
  return {steps, kNow - ago, true};
}

}  // namespace

TEST_CASE("an idle screen is asked to lock after ten minutes, and not before", "[R1]") {
  CHECK(step_of({}, {SessionKind::kGraphical, 10 * kMinute - 1}) == LockStep::kNone);
  CHECK(step_of({}, {SessionKind::kGraphical, 10 * kMinute}) == LockStep::kAskToLock);
  CHECK(decide_lock({}, {SessionKind::kGraphical, 4 * kMinute}, {}, kNow).again_ms == 6 * kMinute);
}

TEST_CASE("a notice comes once, and its end is the limit", "[R1]") {
  IdleLock rules;
  rules.notice_seconds = 30;
  const SessionFacts facts{SessionKind::kGraphical, 10 * kMinute - 20'000};
  const LockDecision first = decide_lock(rules, facts, {}, kNow);
  CHECK(first.step == LockStep::kNotice);
  CHECK(first.again_ms == 20'000);
  CHECK(step_of(rules, facts, {0, 0, true}) == LockStep::kNone);
  CHECK(decide_lock(rules, {SessionKind::kGraphical, 0}, {}, kNow).again_ms == 10 * kMinute - 30'000);
}

TEST_CASE("a screen that is locked is left alone", "[R1]") {
  CHECK(step_of({}, {SessionKind::kGraphical, 60 * kMinute, true}) == LockStep::kNone);
  CHECK(step_of({}, {SessionKind::kConsole, 60 * kMinute, true}) == LockStep::kNone);
}

TEST_CASE("a film keeps the screen open for as long as the policy allows, and no longer", "[R1]") {
  IdleLock rules;
  const SessionFacts film{SessionKind::kGraphical, 11 * kMinute, false, true};
  CHECK(step_of(rules, film) == LockStep::kAskToLock);
  rules.video_minutes = 60;
  CHECK(step_of(rules, film) == LockStep::kNone);
  CHECK(decide_lock(rules, film, {}, kNow).again_ms == 49 * kMinute);
  CHECK(step_of(rules, {SessionKind::kGraphical, 60 * kMinute, false, true}) == LockStep::kAskToLock);
  rules.video_minutes = 5;  // shorter than the lock's own limit: of no effect
  CHECK(step_of(rules, {SessionKind::kGraphical, 9 * kMinute, false, true}) == LockStep::kNone);
}

TEST_CASE("when no locker answers, the next step comes after a few seconds, and the session ends at last", "[R1]") {
  const SessionFacts idle{SessionKind::kGraphical, 11 * kMinute};
  const LockDecision waiting = decide_lock({}, idle, after_steps(1, 1000), kNow);
  CHECK(waiting.step == LockStep::kNone);
  CHECK(waiting.again_ms == kConfirmMs - 1000);
  CHECK(step_of({}, idle, after_steps(1, kConfirmMs)) == LockStep::kOwnLocker);
  CHECK(step_of({}, idle, after_steps(2, kConfirmMs - 1)) == LockStep::kNone);
  CHECK(step_of({}, idle, after_steps(2, kConfirmMs)) == LockStep::kEndSession);
  CHECK(step_of({}, idle, after_steps(3, kTryAgainMs - 1)) == LockStep::kNone);
  CHECK(decide_lock({}, idle, after_steps(3, kTryAgainMs - 1), kNow).again_ms == 1);
  CHECK(step_of({}, idle, after_steps(3, kTryAgainMs)) == LockStep::kEndSession);  // still there
  CHECK(step_of({}, idle, after_steps(9, kTryAgainMs)) == LockStep::kEndSession);
}

TEST_CASE("the policy chooses what happens to a screen that does not lock", "[R1]") {
  const SessionFacts idle{SessionKind::kGraphical, 11 * kMinute};
  IdleLock rules;
  rules.if_not_locked = IfNotLocked::kEndSession;
  CHECK(step_of(rules, idle, after_steps(1, kConfirmMs)) == LockStep::kEndSession);
  rules.if_not_locked = IfNotLocked::kSwitchAway;
  CHECK(step_of(rules, idle, after_steps(1, kConfirmMs)) == LockStep::kSwitchAway);
  SessionFacts left = idle;
  left.is_behind = true;
  const LockDecision by_hand = decide_lock(rules, left, after_steps(1, kConfirmMs), kNow);
  CHECK(by_hand.step == LockStep::kNone);
  CHECK(by_hand.is_left);
  CHECK(by_hand.is_over);
  CHECK(step_of(rules, left, after_steps(2, 60 * kMinute)) == LockStep::kNone);  // what is unsaved stays
  CHECK(step_of(rules, idle, after_steps(2, 60 * kMinute)) == LockStep::kOwnLocker);  // in front again, or still
  CHECK(step_of(rules, idle, after_steps(3, kTryAgainMs)) == LockStep::kOwnLocker);
}

TEST_CASE("a text console gets our locker at once, a remote session ends", "[R1]") {
  CHECK(step_of({}, {SessionKind::kConsole, 10 * kMinute}) == LockStep::kOwnLocker);
  CHECK(step_of({}, {SessionKind::kConsole, 11 * kMinute}, after_steps(1, kConfirmMs)) == LockStep::kEndSession);
  CHECK(step_of({}, {SessionKind::kRemote, 10 * kMinute - 1}) == LockStep::kNone);
  CHECK(step_of({}, {SessionKind::kRemote, 10 * kMinute}) == LockStep::kEndSession);
}

TEST_CASE("what stands behind another session is ended rather than covering the one in front", "[R1]") {
  SessionFacts behind{SessionKind::kConsole, 10 * kMinute};
  behind.is_behind = true;
  CHECK(step_of({}, behind) == LockStep::kEndSession);
  behind.kind = SessionKind::kGraphical;
  CHECK(step_of({}, behind) == LockStep::kAskToLock);
  CHECK(step_of({}, behind, after_steps(1, kConfirmMs)) == LockStep::kEndSession);
  IdleLock rules;
  rules.if_not_locked = IfNotLocked::kSwitchAway;
  CHECK(step_of(rules, behind, after_steps(1, kConfirmMs)) == LockStep::kNone);
}

TEST_CASE("on a seat without consoles nothing but its own locker covers a session, which is ended without one", "[R1]") {
  SessionFacts other{SessionKind::kGraphical, 10 * kMinute};
  other.is_on_other_seat = true;
  for (const IfNotLocked escalation : {IfNotLocked::kOwnLocker, IfNotLocked::kSwitchAway, IfNotLocked::kEndSession}) {
    IdleLock rules;
    rules.if_not_locked = escalation;
    CHECK(step_of(rules, other) == LockStep::kAskToLock);
    CHECK(step_of(rules, other, after_steps(1, kConfirmMs)) == LockStep::kEndSession);
  }
}

TEST_CASE("who is suspended is locked at once, and loses the session without a locker or by using it further", "[R15]") {
  const auto step = [](const SessionFacts& facts, MonotonicMs for_ms, const LockProgress& progress = {}) {
    return decide_suspended(facts, progress, kNow - for_ms, kNow).step;
  };
  CHECK(step({SessionKind::kGraphical, 0, false, true}, 0) == LockStep::kAskToLock);
  CHECK(step({SessionKind::kGraphical, 0}, 6000, after_steps(1, kConfirmMs)) == LockStep::kEndSession);
  CHECK(step({SessionKind::kConsole, 0}, 0) == LockStep::kEndSession);
  CHECK(step({SessionKind::kRemote, 0}, 0) == LockStep::kEndSession);
  const SessionFacts locked{SessionKind::kGraphical, 0, true};
  CHECK(step(locked, kSuspendedUseMs) == LockStep::kNone);
  CHECK(step(locked, kSuspendedUseMs + 1) == LockStep::kEndSession);
  CHECK(step({SessionKind::kGraphical, 5 * kMinute, true}, 5 * kMinute) == LockStep::kNone);
}

TEST_CASE("every step has a name of its own for its event") {
  std::set<std::string_view> names;
  for (const LockStep step : {LockStep::kNone, LockStep::kNotice, LockStep::kAskToLock, LockStep::kOwnLocker,
                              LockStep::kSwitchAway, LockStep::kEndSession}) {
    names.insert(lock_step_name(step));
  }
  CHECK(names.size() == 6);
}
