// Violations that caretaker-net reports become events: who it was by the operating system's user data, which group, how
// serious, the details to be sealed. Net is not believed in anything that can be known better here. One thread.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "agent/control_net.h"
#include "agent/guard/repeat_filter.h"
#include "agent/guard/subject.h"
#include "platform/users.h"
#include "policy/policy.h"

namespace caretaker::agent {

[[nodiscard]] sync::Severity severity_of(policy::Reason reason, std::string_view category);
// "web.bypass" for ways round the filter, else "web.blocked".
[[nodiscard]] std::string_view kind_of(policy::Reason reason);
// What has a name or a category that cannot be one goes, each alone, and is counted in `lost`.
void drop_unusable(WebReport& report);

class WebReports {
 public:
  using FindUser = std::function<Result<platform::User>(std::uint32_t uid)>;
  WebReports(FindUser find_user, const Clock& clock) : find_user_(std::move(find_user)), clock_(clock) {}

  // The events to store now; repeats and what goes over a user's rate are counted here. The report has been checked.
  [[nodiscard]] std::vector<PlannedEvent> plan(const WebReport& report, const policy::Policy& policy);
  // Counts of repeats whose windows have ended; `all` at the end of the process.
  [[nodiscard]] std::vector<PlannedEvent> take_repeats(const policy::Policy& policy, bool all);
  // Violations over the rate since the last call: nobody will read about them one by one.
  [[nodiscard]] std::uint32_t take_dropped();

 private:
  struct Person {
    std::string user;  // empty: nobody could tell, or no person: the device
    std::vector<std::string> os_groups;
    MonotonicMs found = 0;
  };
  [[nodiscard]] const Person& person(const std::optional<std::uint32_t>& uid);
  [[nodiscard]] std::string group_for(const std::string& user, const policy::Policy& policy) const;
  [[nodiscard]] PlannedEvent make_event(const RepeatKey& key, const policy::Policy& policy, std::uint32_t count,
                                        UnixSeconds time) const;

  FindUser find_user_;
  const Clock& clock_;
  std::map<std::uint32_t, Person> people_;
  Person device_;
  // High severity has a rate of its own: a flood of small things must not hide a grave one.
  RepeatFilter ordinary_;
  RepeatFilter high_;
};

}  // namespace caretaker::agent
