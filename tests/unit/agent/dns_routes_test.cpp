#include "agent/net/dns_routes.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::agent;

namespace {

platform::Endpoint at(const char* text) { return platform::parse_endpoint(text, 53).value(); }

policy::DnsDecision allowed(policy::Reason reason) {
  policy::DnsDecision decision;
  decision.verdict = policy::Verdict::kAllow;
  decision.reason = reason;
  return decision;
}

}  // namespace

TEST_CASE("a name is asked of the policy's upstreams, in their order, and never of ourselves") {
  policy::Policy policy;
  policy.upstreams = {"192.0.2.1", "127.0.0.1", "not an address", "192.0.2.2:5353"};
  DnsRoutes routes({at("127.0.0.1:53")});
  routes.use(policy);
  const auto route = routes.route(allowed(policy::Reason::kNotListed), 0);
  CHECK(route.scope == DnsScope::kUpstreams);
  REQUIRE(route.servers);
  CHECK(*route.servers == std::vector{at("192.0.2.1"), at("192.0.2.2:5353")});
}

TEST_CASE("what only the network at hand knows is asked of its own resolver, whatever the policy's upstreams") {
  policy::Policy policy;
  policy.upstreams = {"192.0.2.1"};
  DnsRoutes routes({});
  routes.use(policy);
  CHECK(routes.route(allowed(policy::Reason::kLocalName), 0).scope == DnsScope::kSystem);
  CHECK(routes.route(allowed(policy::Reason::kPortal), 0).scope == DnsScope::kSystem);
  policy.upstreams.clear();
  routes.use(policy);
  CHECK(routes.route(allowed(policy::Reason::kNotListed), 0).scope == DnsScope::kSystem);
}

TEST_CASE("a zone of the school's own has its own servers and answers apart from the others") {
  policy::Policy policy;
  policy.upstreams = {"192.0.2.1"};
  policy.forwarded_zones = {{"one.example", {"192.0.2.11"}}, {"two.example", {}}};
  DnsRoutes routes({});
  routes.use(policy);
  auto decision = allowed(policy::Reason::kForwardedZone);
  decision.verdict = policy::Verdict::kForward;
  decision.zone = &policy.forwarded_zones[0];
  CHECK(*routes.route(decision, 0).servers == std::vector{at("192.0.2.11")});
  CHECK(routes.route(decision, 0).scope == DnsScope::kForwardedZone);
  decision.zone = &policy.forwarded_zones[1];
  CHECK(routes.route(decision, 0).servers->empty());
}
