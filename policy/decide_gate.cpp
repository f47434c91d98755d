#include "policy/decide_gate.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "policy/bypass_network.h"

namespace caretaker::policy {
namespace {

constexpr std::uint16_t kDns = 53;
constexpr std::uint16_t kDnsOverTls = 853;

bool covers(const GatePorts& ports, bool is_tcp, std::uint16_t port) {
  return (is_tcp ? ports.tcp : ports.udp) && ports.first <= port && port <= ports.last;
}

bool is_open(const std::vector<GatePorts>& open, bool is_tcp, std::uint16_t port) {
  return std::ranges::any_of(open, [&](const GatePorts& ports) { return covers(ports, is_tcp, port); });
}

// A known range is one port wide nearly always; of a wider one, what the policy opens is cut out port by port.
void add_closed(const GatePorts& closed, const std::vector<GatePorts>& open, std::vector<GatePorts>& out) {
  for (const bool is_tcp : {true, false}) {
    if (!(is_tcp ? closed.tcp : closed.udp)) continue;
    GatePorts part{is_tcp, !is_tcp, 0, 0};
    for (std::uint32_t port = closed.first; port <= closed.last; ++port) {
      if (is_open(open, is_tcp, static_cast<std::uint16_t>(port))) {
        if (part.first != 0) out.push_back(part);
        part.first = 0;
        continue;
      }
      if (part.first == 0) part.first = static_cast<std::uint16_t>(port);
      part.last = static_cast<std::uint16_t>(port);
    }
    if (part.first != 0) out.push_back(part);
  }
}

// What a network of IPv6 alone writes for an IPv4 address, or a range of them, with the well-known prefix (RFC 6052 section 2.1).
std::string translated(std::string_view address) {
  std::array<unsigned, 5> part{0, 0, 0, 0, 32};  // the last: bits of the prefix
  const char* at = address.data();
  for (unsigned& number : part) {
    at = std::from_chars(at, address.data() + address.size(), number).ptr;
    if (at == address.data() + address.size()) break;
    ++at;  // a dot, or the slash
  }
  std::array<char, 32> out;
  std::snprintf(out.data(), out.size(), "64:ff9b::%x:%x", part[0] << 8 | part[1], part[2] << 8 | part[3]);
  return out.data() + (part[4] < 32 ? "/" + std::to_string(96 + part[4]) : std::string());
}

void add_address(std::string_view address, GateRules& rules) {
  const bool is_v4 = address.find(':') == std::string_view::npos;
  (is_v4 ? rules.doh_v4 : rules.doh_v6).emplace_back(address);
  if (is_v4) rules.doh_v6.push_back(translated(address));
}

void add_person(const GatePerson& person, const Group& group, bool filter_works, GateRules& rules) {
  rules.people.insert(person.uid);
  if (!group.blocked_bypass.contains(Bypass::kDnsOverHttps)) rules.may_doh.insert(person.uid);
  if (!group.blocked_bypass.contains(Bypass::kVpn)) rules.may_vpn.insert(person.uid);
  if (!group.blocked_bypass.contains(Bypass::kProxy)) rules.may_proxy.insert(person.uid);
  if (!filter_works && group.if_filter_fails == IfFilterFails::kOpen) rules.unfiltered.insert(person.uid);
}

}  // namespace

GateRules decide_gate(const Policy& policy, const std::vector<GatePerson>& people, const std::set<std::uint32_t>& exempt,
                      bool filter_works) {
  GateRules rules;
  rules.exempt = exempt;
  for (const GatePerson& person : people) {
    if (!exempt.contains(person.uid)) add_person(person, group_of(policy, person.name, person.os_groups), filter_works, rules);
  }
  for (const std::string_view address : resolver_addresses()) add_address(address, rules);
  for (const std::string& address : policy.network.closed_addresses) add_address(address, rules);
  for (const GatePorts& ports : vpn_ports()) add_closed(ports, policy.network.open_ports, rules.vpn);
  for (const GatePorts& ports : policy.network.closed_ports) add_closed(ports, policy.network.open_ports, rules.vpn);
  for (const GatePorts& ports : proxy_ports()) add_closed(ports, policy.network.open_ports, rules.proxy);
  return rules;
}

GateAttempt::Way way_of(const GateRules& rules, bool is_tcp, std::uint16_t port) {
  const auto covered = [&](const GatePorts& ports) { return covers(ports, is_tcp, port); };
  if (port == kDns) return GateAttempt::Way::kPlainDns;
  if (port == kDnsOverTls) return GateAttempt::Way::kDnsOverTls;
  if (std::ranges::any_of(rules.vpn, covered)) return GateAttempt::Way::kVpn;
  if (std::ranges::any_of(rules.proxy, covered)) return GateAttempt::Way::kProxy;
  return GateAttempt::Way::kDnsOverHttps;  // what is left is refused for its address
}

}  // namespace caretaker::policy
