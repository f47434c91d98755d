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
  auto found = policy.recipients.find(event_kind);
  if (found == policy.recipients.end()) found = policy.recipients.find("*");
  return found == policy.recipients.end() ? nobody : found->second;
}

std::vector<Diagnostic> check_recipient_keys(const Policy& policy, const std::map<std::string, int>& keys) {
  std::vector<Diagnostic> out;
  for (const auto& [event_kind, kinds] : policy.recipients) {
    int count = 0;
    bool has_escrow = false;
    for (const std::string& kind : kinds) {
      const auto found = keys.find(kind);
      const int held = found == keys.end() ? 0 : found->second;
      count += held;
      has_escrow = has_escrow || (kind == "escrow" && held > 0);
    }
    if (count >= 2 || has_escrow) continue;
    out.push_back({Diagnostic::Level::kError, 0, 0, "recipients." + event_kind,
                   "sealed to " + std::to_string(count) + " key(s): expected two recipients or a printed escrow key"});
  }
  return out;
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
