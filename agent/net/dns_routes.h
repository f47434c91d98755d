// Which servers a name is asked of: the school's own zones, the policy's upstreams, or what the network gave. One thread.
#pragma once

#include <map>
#include <vector>

#include "agent/filter.h"
#include "agent/net/dns_cache.h"
#include "agent/net/dns_upstream.h"

namespace caretaker::agent {

struct DnsRoute {
  DnsScope scope = DnsScope::kUpstreams;
  Servers servers;  // nullptr or empty: there is nobody to ask
};

class DnsRoutes {
 public:
  // `own`: where we listen; never asked.
  explicit DnsRoutes(std::vector<platform::Endpoint> own) : own_(std::move(own)) {}
  void use(const policy::Policy& policy);
  [[nodiscard]] DnsRoute route(const policy::DnsDecision& decision, MonotonicMs now);

 private:
  [[nodiscard]] Servers parse_servers(const std::vector<std::string>& addresses) const;
  [[nodiscard]] const Servers& system_servers(MonotonicMs now);

  std::vector<platform::Endpoint> own_;
  Servers upstreams_;  // nullptr: the policy names none
  std::map<const policy::ForwardedZone*, Servers> zones_;
  Servers system_;
  MonotonicMs system_until_ = 0;
};

}  // namespace caretaker::agent
