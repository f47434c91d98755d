// What a policy says about connections past the filter. Values only; the decision is in decide_gate.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "platform/base/gate_rules.h"

namespace caretaker::policy {

// What happens to a group's name resolution while the filter does not work. The later the stricter.
enum class IfFilterFails { kOpen, kClosed };

struct NetworkRules {
  std::vector<GatePorts> closed_ports;       // beside those that Caretaker knows itself (bypass_ports.h)
  std::vector<GatePorts> open_ports;         // of all these, the ones that stay open
  std::vector<std::string> closed_addresses; // beside the resolvers that Caretaker knows itself; addresses and prefixes
  std::int64_t portal_minutes = 0;           // how long a captive portal's own name is open; 0: never
};
inline constexpr std::int64_t kMaxPortalMinutes = 60;

}  // namespace caretaker::policy
