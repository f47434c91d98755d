#include "policy/policy.h"

#include <algorithm>
#include <cassert>

namespace caretaker::policy {

bool ParsedPolicy::usable() const {
  return std::none_of(diagnostics.begin(), diagnostics.end(),
                      [](const Diagnostic& d) { return d.level == Diagnostic::Level::kError; });
}

const Group& group_of(const Policy& policy, std::string_view user, const std::vector<std::string>& os_groups) {
  assert(!policy.groups.empty());
  for (const Group& group : policy.groups) {
    if (group.users.contains(std::string(user))) return group;
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
