// What people write on the device's own page becomes events. Net says who wrote and what; who that uid is, which group, and how much
// one person may store is decided here. One thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "agent/control_help.h"
#include "agent/guard/subject.h"
#include "platform/base/clock.h"
#include "platform/users.h"
#include "policy/decide_dns.h"

namespace caretaker::agent {

// kInvalidInput: words that are no clean text, a name that cannot be one, nothing said at all.
[[nodiscard]] Status check_help(const HelpReport& report);

class HelpReports {
 public:
  using FindUser = std::function<Result<platform::User>(std::uint32_t uid)>;
  HelpReports(FindUser find_user, const Clock& clock) : find_user_(std::move(find_user)), clock_(clock) {}

  // kStored with the event to be stored; after that is done, on_stored(). The report has been checked. `set` may be nullptr: then what
  // the name is blocked for is left out.
  struct Plan {
    HelpOutcome outcome = HelpOutcome::kStored;
    PlannedEvent event;
    std::string user;  // empty: nobody could tell, or no person: the device
  };
  [[nodiscard]] Plan plan(const HelpReport& report, const policy::Policy& policy, const policy::SetView* set) const;
  void on_stored(const HelpReport& report, const std::string& user);

 private:
  // When the reports of the last hour were stored, of one user and of all; the kinds apart, so that requests hide no worry.
  using Times = std::deque<MonotonicMs>;
  [[nodiscard]] std::size_t recent(const Times& times) const;
  void forget_old();

  FindUser find_user_;
  const Clock& clock_;
  std::map<std::pair<std::string, HelpKind>, Times> by_user_;
  std::map<HelpKind, Times> all_;
  std::map<std::pair<std::string, std::string>, MonotonicMs> asked_;  // user and name: when
};

}  // namespace caretaker::agent
