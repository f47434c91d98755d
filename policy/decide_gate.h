// What the packet filter has to do, from the policy, the people of the machine and whether the filter works. Pure; any thread.
#pragma once

#include "platform/base/gate_rules.h"
#include "policy/policy.h"

namespace caretaker::policy {

struct GatePerson {
  std::uint32_t uid = 0;
  std::string name;
  std::vector<std::string> os_groups;
  bool operator==(const GatePerson&) const = default;
};

// Whoever is not among `people` (accounts of the system, somebody whom nobody could tell in time) has everything closed, also while the
// filter does not work.
[[nodiscard]] GateRules decide_gate(const Policy& policy, const std::vector<GatePerson>& people,
                                    const std::set<std::uint32_t>& exempt, bool filter_works);
// What a refused connection was after.
[[nodiscard]] GateAttempt::Way way_of(const GateRules& rules, bool is_tcp, std::uint16_t port);

}  // namespace caretaker::policy
