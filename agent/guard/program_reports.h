// Programs that caretaker-programs has refused become events: who it was by the operating system's user data, details to be sealed.
// One thread.
#pragma once

#include <map>

#include "agent/control_programs.h"
#include "agent/guard/repeat_filter.h"
#include "agent/guard/report_web.h"

namespace caretaker::agent {

// What has a name that no file can have, or that a terminal would obey, goes, each alone, and is counted in `lost`.
void drop_unusable(ProgramReport& report);

class ProgramReports {
 public:
  ProgramReports(WebReports::FindUser find_user, const Clock& clock) : find_user_(std::move(find_user)), clock_(clock) {}

  // The events to store now; repeats and what goes over a user's rate are counted here. The report has been checked.
  [[nodiscard]] std::vector<PlannedEvent> plan(const ProgramReport& report, const policy::Policy& policy);
  [[nodiscard]] std::vector<PlannedEvent> take_repeats(const policy::Policy& policy, bool all);
  [[nodiscard]] std::uint32_t take_dropped();
  // Who is to be told what, by uid; nobody more often than every few seconds.
  [[nodiscard]] std::map<std::uint32_t, std::string> take_notices();

 private:
  [[nodiscard]] PlannedEvent make_event(const RepeatKey& key, const policy::Policy& policy, std::uint32_t count, UnixSeconds time) const;
  void plan_notice(const ProgramAttempt& attempt);

  WebReports::FindUser find_user_;
  const Clock& clock_;
  RepeatFilter repeats_;
  std::map<std::uint32_t, MonotonicMs> told_;
  std::map<std::uint32_t, std::string> notices_;
};

}  // namespace caretaker::agent
