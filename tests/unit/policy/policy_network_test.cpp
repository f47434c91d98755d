#include "policy/policy_network.h"

#include <catch2/catch.hpp>

#include "policy/weakening.h"

using namespace caretaker;
using namespace caretaker::policy;

namespace {

const std::string kBefore =
    "school = \"S\"\n[recipients]\n\"*\" = [\"safeguarding\"]\n[groups.all]\ndefault = true\nblocked_categories = []\n";

ParsedPolicy with(const std::string& text) { return parse_policy(kBefore + text, Strictness::kTechnician); }

std::string first_error(const std::string& text) {
  for (const Diagnostic& found : with(text).diagnostics) {
    if (found.level == Diagnostic::Level::kError) return found.field + ": " + found.message;
  }
  return "";
}

}  // namespace

TEST_CASE("without a word about it names end with the filter, and no captive portal is opened", "[R10][R11]") {
  const Policy policy = with("").policy;
  CHECK(policy.groups.at(0).if_filter_fails == IfFilterFails::kClosed);
  CHECK(policy.network.portal_minutes == 0);
  CHECK(policy.network.open_ports.empty());
}

TEST_CASE("every setting about the network reaches the policy", "[R10][R11]") {
  const ParsedPolicy parsed = with(
      "if_filter_fails = \"open\"\n[network]\nclosed_ports = [\"8443/udp\", \"6881-6889\"]\nopen_ports = [\"500/udp\"]\n"
      "closed_addresses = [\"192.0.2.7\", \"2001:db8::/32\"]\nportal_minutes = 15\n");
  REQUIRE(parsed.usable());
  const NetworkRules& network = parsed.policy.network;
  CHECK(parsed.policy.groups.at(0).if_filter_fails == IfFilterFails::kOpen);
  CHECK(network.closed_ports == std::vector<GatePorts>{{false, true, 8443, 8443}, {true, true, 6881, 6889}});
  CHECK(network.open_ports == std::vector<GatePorts>{{false, true, 500, 500}});
  CHECK(network.closed_addresses == std::vector<std::string>{"192.0.2.7", "2001:db8::/32"});
  CHECK(network.portal_minutes == 15);
}

TEST_CASE("ports are read as they are written, and nothing else is", "[R11]") {
  for (const char* text : {"1194", "51820/udp", "1-65535/tcp", "6881-6889"}) CHECK(ports_text(parse_ports(text).value()) == text);
  for (const char* text : {"", "0", "65536", "1/sctp", "7-6", "1-", "-1", " 1", "1 ", "1/", "a", "1-2-3", "4294967297"}) CHECK_FALSE(parse_ports(text));
}

TEST_CASE("a rule that would close the web or the whole internet is refused", "[R11]") {
  CHECK(first_error("[network]\nclosed_ports = [\"400-500\"]\n") ==
        "network.closed_ports: this would close what every connection needs (53, 67, 68, 80, 123 or 443)");
  CHECK_FALSE(first_error("[network]\nclosed_addresses = [\"0.0.0.0/0\"]\n").empty());
  CHECK_FALSE(first_error("[network]\nclosed_addresses = [\"::/0\"]\n").empty());
  CHECK_FALSE(first_error("[network]\nclosed_addresses = [\"192.0.2.0/33\"]\n").empty());
  CHECK_FALSE(first_error("[network]\nclosed_addresses = [\"one.example } ; flush ruleset\"]\n").empty());
  CHECK_FALSE(first_error("[network]\nportal_minutes = 61\n").empty());
  CHECK_FALSE(first_error("if_filter_fails = \"ajar\"\n").empty());
  CHECK_FALSE(first_error("[network]\nclosed_port = []\n").empty());
}

TEST_CASE("a network that is less closed is a weakening", "[R7][R11]") {
  const Policy strict = with("[network]\nclosed_ports = [\"4242\"]\nclosed_addresses = [\"192.0.2.7\"]\n").policy;
  const Policy loose = with("if_filter_fails = \"open\"\n[network]\nopen_ports = [\"500/udp\"]\nportal_minutes = 5\n").policy;
  const PolicyChange opened = compare_policies(strict, loose);
  CHECK(opened.opens == std::vector<std::string>{"address 192.0.2.7 is no longer closed",
                                                 "all: names while the filter does not work: now \"open\"",
                                                 "minutes that a captive portal's own name is open: 5", "port 4242 is no longer closed",
                                                 "port 500/udp stays open for whatever uses it"});
  CHECK(opened.closes.empty());
  CHECK(compare_policies(loose, strict).opens.empty());
  CHECK(compare_policies(loose, strict).closes.size() == 5);
}
