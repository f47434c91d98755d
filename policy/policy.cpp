#include "policy/policy.h"

#include <algorithm>
#include <cassert>

namespace caretaker::policy {

bool ParsedPolicy::usable() const {
  return std::none_of(diagnostics.begin(), diagnostics.end(),
                      [](const Diagnostic& d) { return d.level == Diagnostic::Level::kError; });
}

const std::vector<std::string>& recipients_for(const Policy& policy, std::string_view event_kind) {
  static const std::vector<std::string> nobody;
  static const std::map<std::string_view, std::vector<std::string>> for_people = {
      {"help.worried", {"safeguarding"}}, {"help.unblock", {"safeguarding", "technician"}}};
  auto found = policy.recipients.find(event_kind);
  if (const auto said = for_people.find(event_kind); found == policy.recipients.end() && said != for_people.end()) return said->second;
  if (found == policy.recipients.end()) found = policy.recipients.find("*");
  return found == policy.recipients.end() ? nobody : found->second;
}

std::optional<UnixSeconds> suspended_until(const Policy& policy, std::string_view user, UnixSeconds now) {
  const auto found = policy.suspended.find(user);
  if (found == policy.suspended.end() || found->second <= now) return std::nullopt;
  return found->second;
}

const Group& group_of(const Policy& policy, std::string_view user, const std::vector<std::string>& os_groups) {
  assert(!policy.groups.empty());
  for (const Group& group : policy.groups) {
    if (group.users.contains(user)) return group;
  }
  for (const Group& group : policy.groups) {
    const auto member = [&](const std::string& os_group) { return group.os_groups.contains(os_group); };
    if (std::any_of(os_groups.begin(), os_groups.end(), member)) return group;
  }
  for (const Group& group : policy.groups) {
    if (group.is_default) return group;
  }
  return policy.groups.front();
}

}  // namespace caretaker::policy
