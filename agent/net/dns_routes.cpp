#include "agent/net/dns_routes.h"

#include <algorithm>

#include "platform/dns_host.h"

namespace caretaker::agent {
namespace {

constexpr MonotonicMs kSystemMs = 5'000;  // a laptop changes networks
constexpr std::uint16_t kDnsPort = 53;

}  // namespace

Servers DnsRoutes::parse_servers(const std::vector<std::string>& addresses) const {
  auto servers = std::make_shared<std::vector<platform::Endpoint>>();
  for (const auto& address : addresses) {
    const auto server = platform::parse_endpoint(address, kDnsPort);
    if (server && std::find(own_.begin(), own_.end(), *server) == own_.end()) servers->push_back(*server);
  }
  return servers;
}

void DnsRoutes::use(const policy::Policy& policy) {
  upstreams_ = policy.upstreams.empty() ? nullptr : parse_servers(policy.upstreams);
  zones_.clear();
  for (const auto& zone : policy.forwarded_zones) zones_[&zone] = parse_servers(zone.servers);
}

const Servers& DnsRoutes::system_servers(MonotonicMs now) {
  if (!system_ || now >= system_until_) {
    system_ = parse_servers(platform::system_resolvers());
    system_until_ = now + kSystemMs;
  }
  return system_;
}

// Names that only the network at hand can know (RFC 6762, 6303, 7050; its login page) are asked of its own resolver, whatever the policy's.
DnsRoute DnsRoutes::route(const policy::DnsDecision& decision, MonotonicMs now) {
  if (decision.verdict == policy::Verdict::kForward && decision.zone != nullptr) {
    return {DnsScope::kForwardedZone, zones_[decision.zone]};
  }
  const bool is_at_hand = decision.reason == policy::Reason::kLocalName || decision.reason == policy::Reason::kPortal;
  if (is_at_hand) return {DnsScope::kSystem, system_servers(now)};
  if (upstreams_) return {DnsScope::kUpstreams, upstreams_};
  return {DnsScope::kSystem, system_servers(now)};
}

}  // namespace caretaker::agent
