#include "agent/guard/session_watch.h"

#include <algorithm>
#include <cstdlib>

#include "agent/control.h"
#include "platform/base/log.h"
#include "platform/files.h"

namespace caretaker::agent {

using platform::Session;
using policy::LockStep;
using sync::Severity;

namespace {

constexpr MonotonicMs kSuspendedMs = 3'000;  // between looks at the session of somebody who is suspended
constexpr MonotonicMs kAsleepMs = 60'000;    // a look that comes this late: the machine slept
constexpr std::uint32_t kRoot = 0;
constexpr std::int64_t kClockSetS = 30;      // a clock that goes wrong by this much between two looks: somebody set it

policy::SessionKind kind_of(Session::Kind kind) {
  switch (kind) {
    case Session::Kind::kGraphical: return policy::SessionKind::kGraphical;
    case Session::Kind::kConsole: return policy::SessionKind::kConsole;
    case Session::Kind::kRemote: return policy::SessionKind::kRemote;
  }
  return policy::SessionKind::kGraphical;
}

policy::Policy policy_without_rules() {
  policy::Policy none;
  none.groups.emplace_back();
  none.groups.back().is_default = true;
  return none;
}

bool has_main_screen(const Session& session) { return session.is_active && session.seat == platform::kMainSeat; }

std::string in_words(std::int64_t seconds) {
  if (seconds < 120) return std::to_string(seconds) + " seconds";
  return std::to_string((seconds + 30) / 60) + " minutes";
}

}  // namespace

SessionWatch::SessionWatch(platform::Sessions& sessions, FindUser find_user, Note note, SessionFiles files, const Clock& clock)
    : sessions_(sessions), find_user_(std::move(find_user)), note_(std::move(note)), files_(std::move(files)), clock_(clock) {
  if (files_.last_look.empty()) return;
  const LastLook before = read_last_look(files_.last_look, clock_.monotonic_ms());
  looked_ = before.at;
  for (const auto& [session, last_input] : before.last_input) progress_[session].last_input = last_input;
}

SessionWatch::Person SessionWatch::person(const policy::Policy& policy, std::uint32_t uid) const {
  const auto user = find_user_(uid);
  if (!user) return {"", &policy::group_of(policy, "", {})};
  return {user->name, &policy::group_of(policy, user->name, user->groups)};
}

// Nothing hangs on it: what was announced happens all the same.
void SessionWatch::tell(const Session& session, const std::string& sentence) {
  if (auto told = sessions_.tell(session, sentence); !told) log_debug("sessions", told.error().message);
}

void SessionWatch::tell_present(const std::string& sentence) {
  const auto sessions = sessions_.list();
  if (!sessions) return;
  for (const Session& session : *sessions) {
    if (session.is_active && session.kind != Session::Kind::kRemote) tell(session, sentence);
  }
}

void SessionWatch::take_step(LockStep step, const Session& session, const Person& who, MonotonicMs left_ms) {
  if (step == LockStep::kNone) return;
  Progress& progress = progress_[session.id];
  if (step == LockStep::kNotice) {
    progress.lock.has_noticed = true;
    tell(session, "The screen locks in " + in_words(left_ms / 1000) + ": move the mouse or press a key to keep it open.");
    return;
  }
  ++progress.lock.steps;
  progress.lock.last_step = clock_.monotonic_ms();
  Status done = ok();
  if (step == LockStep::kAskToLock) done = sessions_.ask_to_lock(session);
  if (step == LockStep::kOwnLocker) done = sessions_.start_own_locker(session);
  if (step == LockStep::kSwitchAway) done = sessions_.switch_away(session);
  if (step == LockStep::kEndSession) done = sessions_.end(session);
  if (!done) log_warning("sessions", done.error().message);
  // A screen that locks when asked is no event: nothing happened that anybody must know.
  if (done && step == LockStep::kAskToLock) return;
  const std::string rule = std::string(policy::lock_step_name(step)) + (done ? "" : ".failed");
  note_({"session.lock", rule, done ? Severity::kLow : Severity::kMedium, sync::Details{{{"user", who.name}}}});
}

// When to look at this session again.
MonotonicMs SessionWatch::watch_session(const policy::Policy& policy, const Session& session, MonotonicMs now) {
  const Person who = person(policy, session.uid);
  Progress& progress = progress_[session.id];
  const bool is_shut_out = device_locked_ && session.uid != kRoot;
  const bool is_suspended = is_shut_out || suspended_until(policy, who.name, clock_.now()).has_value();
  if (progress.last_input == 0 && asleep_since_ != 0) progress.owed_ms = now - asleep_since_;  // it began right before the sleep
  const bool is_shut = session.is_locked || session.is_covered;
  // Who opens the cover has typed the password of who is in front, and may go to others' sessions then.
  const bool is_behind_cover = session.is_covered && !session.is_locked && session.id != in_front_;
  if ((is_shut && !is_behind_cover) || is_suspended) progress.owed_ms = 0;
  const bool is_back = session.last_input > progress.last_input && !is_suspended && progress.owed_ms == 0;
  if (is_shut || is_back) progress.lock = {};
  progress.last_input = session.last_input;
  if (!is_suspended) progress.suspended_since = 0;
  if (is_suspended && progress.suspended_since == 0) progress.suspended_since = now;
  const MonotonicMs idle = std::max(now - session.last_input, progress.owed_ms);
  if (is_behind_cover && !is_suspended) {
    progress.owed_ms = idle >= policy::lock_limit(who.group->idle_lock, session.is_inhibited) ? idle : 0;
    return next_together(now, kGuardLookMs);
  }
  const policy::SessionFacts facts{kind_of(session.kind), idle, is_shut, session.is_inhibited,
                                   !session.seat.empty() && !session.is_active,
                                   !session.seat.empty() && session.seat != platform::kMainSeat};
  const auto decision = is_suspended ? decide_suspended(facts, progress.lock, progress.suspended_since, now)
                                     : decide_lock(who.group->idle_lock, facts, progress.lock, now);
  take_step(decision.step, session, who, decision.again_ms);
  if (decision.is_left) ++progress.lock.steps;
  // Who switches back has typed no password, whoever switched away.
  const bool is_owed = decision.step == LockStep::kSwitchAway || (decision.is_over && facts.is_behind && !is_suspended);
  if (is_owed) progress.owed_ms = idle;
  if (!decision.is_over) progress.owed_ms = 0;
  return now + (is_suspended || progress.owed_ms > 0 ? std::min(decision.again_ms, kSuspendedMs) : decision.again_ms);
}

// After a sleep, and after the clock was set, a machine has its whole warning again before it goes off; and whoever wakes it presses
// something, and need not be whoever left it.
void SessionWatch::notice_sleep(MonotonicMs now) {
  const UnixSeconds began = clock_.now() - now / 1000;
  const bool has_slept = looked_ != 0 && now - looked_ > kAsleepMs;
  asleep_since_ = has_slept ? looked_ : 0;
  if (looked_ == 0 || has_slept || std::abs(began - clock_began_) > kClockSetS) awake_since_ = now;
  clock_began_ = began;
  looked_ = now;
  if (!has_slept) return;
  for (auto& [id, progress] : progress_) {
    progress.lock = {};
    progress.owed_ms = now - progress.last_input;
  }
}

// What covers a log-in prompt asks for the password of nobody, so that nobody could open it. Sessions behind it go on owing their lock.
void SessionWatch::uncover_nobody(const std::vector<Session>& sessions) {
  if (!std::exchange(has_covered_unseen_, false) || std::ranges::find(sessions, in_front_, &Session::id) != sessions.end()) return;
  if (auto done = sessions_.uncover_main_seat(); !done) log_warning("sessions", done.error().message);
}

// A covered screen shows nobody in front: whoever was when it was covered has opened it when it is open.
void SessionWatch::notice_cover(const std::vector<Session>& sessions) {
  const bool was_covered = std::exchange(is_covered_, std::ranges::any_of(sessions, &Session::is_covered));
  if (is_covered_) return;
  const auto active = std::ranges::find_if(sessions, has_main_screen);
  const std::string now_in_front = active != sessions.end() ? active->id : "";
  const auto opener = progress_.find(in_front_.empty() ? now_in_front : in_front_);
  if (was_covered && opener != progress_.end()) opener->second.owed_ms = 0;
  in_front_ = now_in_front;
}

void SessionWatch::watch_night(const policy::Policy& policy, const std::vector<Session>& sessions, MonotonicMs now) {
  is_night_ = false;
  // Whoever is in front counts; with nobody there, the group of nobody in particular.
  const Session* in_front = nullptr;
  for (const Session& session : sessions) {
    if (session.is_active && session.kind != Session::Kind::kRemote) in_front = &session;
  }
  const policy::Group& group = in_front != nullptr ? *person(policy, in_front->uid).group : policy::group_of(policy, "", {});
  if (!group.power_off) return;
  const auto decision = decide_power_off(*group.power_off, {local_second_of_day(clock_.now()), (now - awake_since_) / 1000, snoozes_});
  look_again(now + decision.again_s * 1000);
  is_night_ = decision.is_night;
  if (!is_night_) snoozes_ = 0;
  if (decision.step == policy::PowerOffDecision::Step::kNone) return;
  if (decision.step == policy::PowerOffDecision::Step::kPowerOff) {
    const Status done = sessions_.power_off();
    note_({"power.off", done ? "night" : "night.failed", done ? Severity::kInfo : Severity::kMedium});
    return;
  }
  if (now - warned_ < group.power_off->warning_minutes * 60'000) return;
  warned_ = now;
  const std::string more = decision.may_snooze ? " To keep it on for half an hour more: caretaker snooze" : "";
  const std::string sentence = "This machine switches off in " + in_words(decision.seconds_left) + ". Save your work." + more;
  for (const Session& session : sessions) tell(session, sentence);
}

Status SessionWatch::snooze(const policy::Policy& policy, std::uint32_t uid) {
  const auto& rules = person(policy, uid).group->power_off;
  if (!rules) return make_error(ErrorCode::kNotFound, "nothing switches this machine off");
  if (!is_night_) return make_error(ErrorCode::kNotFound, "it can be put off when its warning has come up");
  if (snoozes_ >= rules->snoozes) return make_error(ErrorCode::kPermissionDenied, "it cannot be put off any more tonight");
  ++snoozes_;
  warned_ = INT64_MIN / 2;
  next_ = clock_.monotonic_ms();
  return ok();
}

void SessionWatch::set_device_locked(bool locked) {
  if (locked != device_locked_) next_ = clock_.monotonic_ms();
  if (locked && !device_locked_) {
    if (auto asked = sessions_.ask_for_code(); !asked) log_warning("sessions", asked.error().message);
  }
  device_locked_ = locked;
}

void SessionWatch::refuse_logins(const policy::Policy& policy) {
  std::set<std::string> names;
  for (const auto& [name, until] : policy.suspended) {
    if (until > clock_.now()) names.insert(name);
  }
  if (refused_ == names) return;
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  if (auto written = platform::replace_file(files_.refused_logins, as_bytes(text), 0600); !written) {
    log_error("sessions", written.error().message);
    return;
  }
  refused_ = std::move(names);
}

bool SessionWatch::is_shut(const policy::Policy& policy) const {
  const auto may_not = [&](const Session& session) {
    return has_main_screen(session) && suspended_until(policy, person(policy, session.uid).name, clock_.now()).has_value();
  };
  return device_locked_ || std::ranges::any_of(seen_, may_not);
}

// Nobody tells who sits there, and it may be somebody's doing: then keyboards and mice alone say whether the screen is in use.
void SessionWatch::watch_unseen(const policy::Policy& policy, MonotonicMs now) {
  const auto used = sessions_.last_use_of_main_seat();
  const policy::UnseenFacts facts{++silent_looks_, used ? now - *used : 0, sessions_.is_main_seat_covered(), is_shut(policy)};
  const auto decision = decide_unseen(policy, facts);
  look_again(now + decision.again_ms);
  if (decision.is_news) note_({"guard.health", "sessions-unknown", Severity::kHigh});
  if (decision.step == policy::UnseenStep::kCover) {
    const Status done = sessions_.cover_main_seat();
    has_covered_unseen_ = true;
    if (!done) log_warning("sessions", done.error().message);
    note_({"session.lock", done ? "lock.unseen" : "lock.unseen.failed", Severity::kHigh});
  }
  watch_night(policy, seen_, now);
}

void SessionWatch::on_time(const policy::Policy& policy) {
  const MonotonicMs now = clock_.monotonic_ms();
  if (now < next_) return;
  refuse_logins(policy);
  look(policy, now);
}

void SessionWatch::on_time_without_policy() {
  static const policy::Policy kNoPolicy = policy_without_rules();
  const MonotonicMs now = clock_.monotonic_ms();
  if (now >= next_) look(kNoPolicy, now);
}

void SessionWatch::look(const policy::Policy& policy, MonotonicMs now) {
  notice_sleep(now);
  auto sessions = sessions_.list();
  // New sessions, a new policy, the end of a sleep are noticed by then; looks that nobody answers are counted, and come as far apart as ever.
  next_ = sessions ? next_together(now, kGuardLookMs) : now + kGuardLookMs;
  if (!sessions) return watch_unseen(policy, now);
  silent_looks_ = 0;
  uncover_nobody(*sessions);
  notice_cover(*sessions);
  for (const Session& session : *sessions) look_again(watch_session(policy, session, now));
  watch_night(policy, *sessions, now);
  std::erase_if(progress_, [&](const auto& entry) {
    return std::ranges::find(*sessions, entry.first, &Session::id) == sessions->end();
  });
  seen_ = std::move(*sessions);
  keep_look(now);
}

// Without it a guard that is begun anew takes its own beginning for use, and knows of no sleep before it.
void SessionWatch::keep_look(MonotonicMs now) const {
  if (files_.last_look.empty()) return;
  LastLook look{now, {}};
  for (const auto& [session, progress] : progress_) look.last_input[session] = progress.last_input;
  if (auto kept = write_last_look(files_.last_look, look); !kept) log_debug("sessions", kept.error().message);
}

void SessionWatch::forget_look() const {
  if (files_.last_look.empty()) return;
  if (auto gone = platform::remove_file(files_.last_look); !gone) log_debug("sessions", gone.error().message);
}

}  // namespace caretaker::agent
