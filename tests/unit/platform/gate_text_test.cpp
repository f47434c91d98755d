#include "platform/gate_text.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::platform;

namespace {

GateRules some_rules() {
  GateRules rules;
  rules.exempt = {990};
  rules.people = {1001, 1002, kGateMark | 7};
  rules.unfiltered = {1002};
  rules.doh_v4 = {"192.0.2.1", "198.51.100.0/24"};
  rules.vpn = {{true, true, 1194, 1194}, {false, true, 51820, 51821}};
  return rules;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the rules are one text that puts itself in the place of the one before", "[R11]") {
  const std::string text = make_gate_text(some_rules());
  CHECK(text.starts_with("add table inet caretaker\ndelete table inet caretaker\ntable inet caretaker {\n"));
  CHECK(text.ends_with("}\n"));
}

TEST_CASE("whoever may go past is let out before any rule that is for all", "[R11]") {
  const std::string text = make_gate_text(some_rules());
  CHECK(text.find("meta skuid @exempt return") < text.find("dnat"));
  CHECK(text.find("meta skuid @unfiltered return") < text.find("dnat"));
  CHECK(text.find("meta skuid @may_doh goto vpn_ways") < text.find("th dport 853 goto refuse"));
}

TEST_CASE("a person's question carries their uid, and a uid that would be taken for another's is not marked", "[R11]") {
  const std::string text = make_gate_text(some_rules());
  CHECK(has(text, "map people { type uid : mark; elements = { 1001 : " + std::to_string(1001u | kGateMark) + ", 1002 : "));
  CHECK_FALSE(has(text, std::to_string(kGateMark | 7) + " :"));
}

TEST_CASE("a set of nothing has no elements, and ports go to the protocols that they are for", "[R11]") {
  const std::string text = make_gate_text(some_rules());
  CHECK(has(text, "set may_doh { type uid;  }"));
  CHECK(has(text, "set vpn_tcp { type inet_service; flags interval; auto-merge; elements = { 1194-1194 } }"));
  CHECK(has(text, "set vpn_udp { type inet_service; flags interval; auto-merge; elements = { 1194-1194, 51820-51821 } }"));
  CHECK(has(text, "elements = { 192.0.2.1, 198.51.100.0/24 }"));
}

TEST_CASE("noted attempts are read as libnftables shows them", "[R11]") {
  const auto attempts = parse_attempts(
      R"({"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}, {"set": {"family": "inet", "name": "tried4",
      "table": "caretaker", "type": ["uid", "ipv4_addr", "inet_proto", "inet_service"], "handle": 7, "elem": [
      {"elem": {"val": {"concat": [1001, "192.0.2.1", 6, 853]}, "expires": 59}},
      {"elem": {"val": {"concat": [0, "192.0.2.1", 17, 443]}, "expires": 3}}]}}]})");
  REQUIRE(attempts);
  CHECK(*attempts == std::vector<GateTry>{{1001, "192.0.2.1", true, 853}, {0, "192.0.2.1", false, 443}});
  CHECK(make_forget_attempts(*attempts) ==
        "delete element inet caretaker tried4 { 1001 . 192.0.2.1 . tcp . 853 }\n"
        "delete element inet caretaker tried4 { 0 . 192.0.2.1 . udp . 443 }\n");
  CHECK(make_forget_attempts({{1, "2001:db8::1", true, 853}}) == "delete element inet caretaker tried6 { 1 . 2001:db8::1 . tcp . 853 }\n");
}

TEST_CASE("a set without attempts is empty, and what is no listing is an error", "[R11]") {
  CHECK(parse_attempts(R"({"nftables": [{"set": {"name": "tried4"}}]})")->empty());
  for (const char* text : {"", "{}", "[]", R"({"nftables": 1})", R"({"nftables": [{"set": {"elem": [1]}}]})",
                           R"({"nftables": [{"set": {"elem": [{"elem": {"val": {"concat": [1, "192.0.2.1", 6]}}}]}}]})",
                           R"({"nftables": [{"set": {"elem": [{"elem": {"val": {"concat": [-1, "192.0.2.1", 6, 1]}}}]}}]})",
                           R"({"nftables": [{"set": {"elem": [{"elem": {"val": {"concat": [1, "192.0.2.1", 6, 65536]}}}]}}]})"}) {
    CHECK_FALSE(parse_attempts(text));
  }
}
