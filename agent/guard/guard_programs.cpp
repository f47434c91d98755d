// What caretaker-programs reports: programs that were refused, and whether it still judges them.
#include "agent/control_programs.h"
#include "agent/guard/guard.h"

namespace caretaker::agent {
using sync::Severity;

Result<Answered> Guard::report_programs(const Asked& asked) {
  TRY(report, parse_program_report(asked.fields));
  drop_unusable(report);
  if (trust_.policy() == nullptr) return make_error(ErrorCode::kUnavailable, "there is nobody to record as yet");
  TRY_DONE(store_once(asked.peer.uid, report.id, [&] {
    auto events = programs_.plan(report, trust_.policy()->rules);
    plan_note({"events.dropped", "programs-queue", Severity::kMedium}, report.lost, events);
    plan_note({"program.unchecked", "too-slow", Severity::kMedium}, report.let_through, events);
    return events;
  }));
  tell_about_programs();
  return Answered{};
}

// Another in the place of one that has not stopped: that one was ended by somebody, or hung, and what was started meanwhile ran.
Result<Answered> Guard::report_programs_state(const Asked& asked) {
  TRY(state, parse_programs_state(asked.fields));
  programs_seen_ = clock_.monotonic_ms();
  if (programs_judge_ && *programs_judge_ != state.run) book_.note({"programs.changed", "ended", Severity::kMedium});
  programs_judge_.reset();
  if (state.judges) programs_judge_ = state.run;
  if (state.judges && std::exchange(programs_silent_, false)) book_.note({"programs.changed", "judging"});
  return Answered{};
}

void Guard::watch_programs() {
  const MonotonicMs now = clock_.monotonic_ms();
  // The machine has slept, and all begin to speak again.
  if (now - std::exchange(programs_looked_, now) > kSilentMs / 2) programs_seen_ = now;
  if (settings_.programs_uid == kNobody || programs_silent_ || now - programs_seen_ <= kSilentMs || !had_school()) return;
  programs_silent_ = true;
  programs_judge_.reset();
  book_.note({"programs.changed", "silent", Severity::kMedium});
}

void Guard::add_programs_health(std::set<std::string>& codes) const {
  if (programs_silent_) codes.insert("programs-silent");
}

}  // namespace caretaker::agent
