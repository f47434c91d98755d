#include "policy/decide_gate.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "policy/address.h"
#include "policy/bypass_network.h"

using namespace caretaker;
using namespace caretaker::policy;

namespace {

constexpr std::uint32_t kNet = 990;
const GatePerson kPupil{1001, "ada", {"pupils"}};
const GatePerson kTeacher{1002, "bo", {"staff"}};
const GatePerson kNobody{1003, "cy", {}};

Policy a_policy(const std::string& more = "") {
  const auto parsed = parse_policy(
      "school = \"S\"\n[recipients]\n\"*\" = [\"safeguarding\"]\n[groups.pupils]\nos_groups = [\"pupils\"]\nblocked_categories = []\n"
      "[groups.staff]\nos_groups = [\"staff\"]\nblocked_categories = []\nblocked_bypass = [\"proxy\"]\nif_filter_fails = \"open\"\n"
      "[groups.rest]\ndefault = true\nblocked_categories = []\n" + more,
      Strictness::kTechnician);
  REQUIRE(parsed.usable());
  return parsed.policy;
}

GateRules decide(const Policy& policy, bool works = true) { return decide_gate(policy, {kPupil, kTeacher, kNobody}, {kNet}, works); }

bool closes(const std::vector<GatePorts>& all, bool tcp, std::uint16_t port) {
  return std::ranges::any_of(all, [&](const GatePorts& p) { return (tcp ? p.tcp : p.udp) && p.first <= port && port <= p.last; });
}

}  // namespace

TEST_CASE("who may use a way round is let out, and nobody else", "[R11]") {
  const GateRules rules = decide(a_policy());
  CHECK(rules.exempt == std::set<std::uint32_t>{kNet});
  CHECK(rules.people == std::set<std::uint32_t>{1001, 1002, 1003});
  CHECK(rules.may_doh == std::set<std::uint32_t>{1002});
  CHECK(rules.may_vpn == std::set<std::uint32_t>{1002});
  CHECK(rules.may_proxy.empty());
}

TEST_CASE("while the filter does not work only those go on whom the policy lets", "[R10]") {
  CHECK(decide(a_policy(), true).unfiltered.empty());
  CHECK(decide(a_policy(), false).unfiltered == std::set<std::uint32_t>{1002});
}

TEST_CASE("the filter's own user never becomes a person, whatever an account says", "[R11]") {
  const GateRules rules = decide_gate(a_policy(), {{kNet, "caretaker-net", {"staff"}}}, {kNet}, false);
  CHECK(rules.people.empty());
  CHECK(rules.unfiltered.empty());
}

TEST_CASE("the policy closes and opens ports beside the known ones", "[R11]") {
  const GateRules rules = decide(a_policy("[network]\nclosed_ports = [\"6880-6883/tcp\"]\nopen_ports = [\"6881\", \"500/udp\", \"1194/udp\"]\n"));
  CHECK(closes(rules.vpn, false, 51820));
  CHECK(closes(rules.vpn, true, 1194));
  CHECK_FALSE(closes(rules.vpn, false, 1194));
  CHECK_FALSE(closes(rules.vpn, false, 500));
  CHECK(closes(rules.vpn, true, 6880));
  CHECK_FALSE(closes(rules.vpn, true, 6881));
  CHECK(closes(rules.vpn, true, 6882));
  CHECK_FALSE(closes(rules.vpn, false, 6880));
  CHECK(closes(rules.proxy, true, 3128));
}

TEST_CASE("a refused connection is called by what it was after", "[R11]") {
  using Way = GateAttempt::Way;
  const GateRules rules = decide(a_policy());
  CHECK(way_of(rules, false, 53) == Way::kPlainDns);
  CHECK(way_of(rules, true, 853) == Way::kDnsOverTls);
  CHECK(way_of(rules, false, 1194) == Way::kVpn);
  CHECK(way_of(rules, true, 1080) == Way::kProxy);
  CHECK(way_of(rules, true, 443) == Way::kDnsOverHttps);
}

TEST_CASE("an IPv4 resolver is closed as well where a network of IPv6 alone translates its address", "[R11]") {
  const GateRules rules = decide(a_policy("[network]\nclosed_addresses = [\"198.51.100.0/24\", \"2001:db8::53\"]\n"));
  const auto closed = [](const std::vector<std::string>& all, const char* address) { return std::ranges::count(all, address) == 1; };
  CHECK(closed(rules.doh_v4, "1.1.1.1"));
  CHECK(closed(rules.doh_v6, "64:ff9b::101:101"));
  CHECK(closed(rules.doh_v6, "64:ff9b::c633:6400/120"));
  CHECK(closed(rules.doh_v6, "2001:db8::53"));
}

TEST_CASE("the known resolvers are addresses, each once, and none that is needed for itself", "[R11]") {
  std::set<std::string_view> seen;
  for (const std::string_view address : resolver_addresses()) {
    CAPTURE(address);
    CHECK(seen.insert(address).second);
    const std::string_view alone = address.substr(0, address.find('/'));
    CHECK((is_ipv4(alone) || is_ipv6(alone)));
    CHECK_FALSE(alone.starts_with("127."));
    CHECK_FALSE(alone.starts_with("192.168."));
    CHECK_FALSE(alone.starts_with("10."));
  }
  for (const auto& ports : {vpn_ports(), proxy_ports()}) {
    for (const GatePorts& one : ports) {
      for (const int needed : {53, 80, 123, 443, 853, 8443}) CHECK_FALSE((one.first <= needed && needed <= one.last));
    }
  }
}
