// The part of a policy file about connections past the filter: [network]. Pure; any thread.
#pragma once

#include "policy/network_rules.h"
#include "policy/policy_section.h"

namespace caretaker::policy {

[[nodiscard]] NetworkRules read_network(const Section& root);
// "1194", "51820/udp", "6881-6889/tcp"; without a protocol both.
[[nodiscard]] std::optional<GatePorts> parse_ports(std::string_view text);
[[nodiscard]] std::string ports_text(const GatePorts& ports);

}  // namespace caretaker::policy
