// Ways past the filter that are known by address or by port, not by name. Tables; pure.
#pragma once

#include <span>
#include <string_view>

#include "platform/base/gate_rules.h"

namespace caretaker::policy {

// Addresses of public resolvers that answer over HTTPS, TLS or QUIC, IPv4 and IPv6, as their operators publish them. Only addresses
// that serve resolvers alone: behind those of large content networks stand other people's sites.
[[nodiscard]] std::span<const std::string_view> resolver_addresses();
// Ports that tunnels listen at by default, and those of proxies.
[[nodiscard]] std::span<const GatePorts> vpn_ports();
[[nodiscard]] std::span<const GatePorts> proxy_ports();

}  // namespace caretaker::policy
