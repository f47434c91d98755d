#include "platform/gate_text.h"

#include <array>

#include "platform/base/json.h"

namespace caretaker::platform {
namespace {

// Everything that make_gate_text() writes: what is not named here could be changed without being noticed.
constexpr std::array<std::string_view, 12> kSets = {"exempt", "unfiltered", "may_doh", "may_vpn", "may_proxy", "doh4",
                                                    "doh6", "vpn_tcp", "vpn_udp", "proxy_tcp", "proxy_udp", "tunnels"};
constexpr std::array<std::string_view, 7> kChains = {"asked", "names", "ways", "vpn_ways", "proxy_ways", "refuse", "refuse_unseen"};
constexpr std::array<std::string_view, 2> kAttempts = {"tried4", "tried6"};
constexpr std::size_t kMaxListing = 1u << 20;

void append_line(std::string& out, std::string_view line) { out.append(line).push_back('\n'); }

template <typename Items, typename Write>
std::string elements(const Items& items, Write write) {
  std::string out;
  for (const auto& item : items) {
    const std::string text = write(item);
    if (!text.empty()) out.append(out.empty() ? "elements = { " : ", ").append(text);
  }
  return out.empty() ? out : out + " }";
}

std::string uid_set(std::string_view name, const std::set<std::uint32_t>& uids) {
  return "set " + std::string(name) + " { type uid; " + elements(uids, [](std::uint32_t uid) { return std::to_string(uid); }) + " }";
}

// Whoever's uid has the bit of the mark itself is not marked: nobody is taken for another.
std::string people_map(const std::set<std::uint32_t>& uids) {
  const auto marked = [](std::uint32_t uid) {
    return (uid & kGateMark) != 0 ? std::string() : std::to_string(uid) + " : " + std::to_string(uid | kGateMark);
  };
  return "map people { type uid : mark; " + elements(uids, marked) + " }";
}

std::string address_set(std::string_view name, std::string_view type, const std::vector<std::string>& addresses) {
  return "set " + std::string(name) + " { type " + std::string(type) + "; flags interval; auto-merge; " +
         elements(addresses, [](const std::string& address) { return address; }) + " }";
}

std::string port_set(std::string_view name, const std::vector<GatePorts>& ports, bool GatePorts::*protocol) {
  const auto range = [&](const GatePorts& one) {
    return one.*protocol ? std::to_string(one.first) + "-" + std::to_string(one.last) : std::string();
  };
  return "set " + std::string(name) + " { type inet_service; flags interval; auto-merge; " + elements(ports, range) + " }";
}

std::string tried_set(std::string_view name, std::string_view type) {
  return "set " + std::string(name) + " { type uid . " + std::string(type) +
         " . inet_proto . inet_service; flags dynamic,timeout; size " + std::to_string(kMostTries) + "; timeout 10m; }";
}

void append_sets(std::string& out, const GateRules& rules) {
  append_line(out, people_map(rules.people));
  append_line(out, uid_set("exempt", rules.exempt));
  append_line(out, uid_set("unfiltered", rules.unfiltered));
  append_line(out, uid_set("may_doh", rules.may_doh));
  append_line(out, uid_set("may_vpn", rules.may_vpn));
  append_line(out, uid_set("may_proxy", rules.may_proxy));
  append_line(out, address_set("doh4", "ipv4_addr", rules.doh_v4));
  append_line(out, address_set("doh6", "ipv6_addr", rules.doh_v6));
  append_line(out, port_set("vpn_tcp", rules.vpn, &GatePorts::tcp));
  append_line(out, port_set("vpn_udp", rules.vpn, &GatePorts::udp));
  append_line(out, port_set("proxy_tcp", rules.proxy, &GatePorts::tcp));
  append_line(out, port_set("proxy_udp", rules.proxy, &GatePorts::udp));
  append_line(out, "set tunnels { type inet_proto; elements = { 4, 41, 47, 50, 51 } }");  // IP in IP, GRE, IPsec
  append_line(out, tried_set("tried4", "ipv4_addr"));
  append_line(out, tried_set("tried6", "ipv6_addr"));
}

// Every question, whatever resolver it is for, goes to the filter. A question that no socket of a user's sends (a tunnel of the
// kernel's) has no uid and matches no condition on one: so those who may are let out first, and the rest is for all. A socket that speaks
// to a link-local address is bound to that interface, and nothing leads from there to the loopback: refused at once, so that the next
// resolver is asked.
void append_names(std::string& out) {
  const std::string port4 = std::to_string(kGateFilterPortV4);
  const std::string port6 = std::to_string(kGateFilterPortV6);
  const std::string there4 = std::string(kGateFilterV4) + ":" + port4;
  const std::string there6 = "[" + std::string(kGateFilterV6) + "]:" + port6;
  append_line(out, "chain asked {\ntype filter hook output priority -150; policy accept;\nmeta skuid @exempt return\n"
                   "udp dport { 53, " + port6 + " } meta mark set 0\n"
                   "udp dport { 53, " + port6 + " } meta mark set meta skuid map @people\n}");
  append_line(out, "chain names {\ntype nat hook output priority -100; policy accept;\nmeta skuid @exempt return\n"
                   "meta skuid @unfiltered return\nip6 daddr fe80::/10 return\n"
                   "meta nfproto ipv4 udp dport 53 dnat ip to " + there4 + "\nmeta nfproto ipv4 tcp dport 53 dnat ip to " + there4 +
                   "\nmeta nfproto ipv6 udp dport 53 dnat ip6 to " + there6 + "\nmeta nfproto ipv6 tcp dport 53 dnat ip6 to " + there6 + "\n}");
}

// What goes out beside that. What has just been led here still has the interface of where it was to go. Conversations from before these rules are looked at too, so a question that still leaves the machine is one.
void append_ways(std::string& out) {
  append_line(out, "chain ways {\ntype filter hook output priority 0; policy accept;\noifname \"lo\" accept\n"
                   "ip daddr 127.0.0.0/8 accept\nip6 daddr ::1 accept\nmeta skuid @exempt return\n"
                   "meta skuid @unfiltered meta l4proto { tcp, udp } th dport 53 return\n"
                   "ip6 daddr fe80::/10 meta l4proto { tcp, udp } th dport 53 goto refuse_unseen\n"
                   "meta l4proto { tcp, udp } th dport 53 goto refuse\n"
                   "meta skuid @may_doh goto vpn_ways\n"
                   "meta l4proto { tcp, udp } th dport 853 goto refuse\n"
                   "ip daddr @doh4 meta l4proto { tcp, udp } goto refuse\nip6 daddr @doh6 meta l4proto { tcp, udp } goto refuse\n"
                   "goto vpn_ways\n}");
  append_line(out, "chain vpn_ways {\nmeta skuid @may_vpn goto proxy_ways\ntcp dport @vpn_tcp goto refuse\nudp dport @vpn_udp goto refuse\n"
                   "meta l4proto @tunnels goto refuse_unseen\ngoto proxy_ways\n}");
  append_line(out, "chain proxy_ways {\nmeta skuid @may_proxy return\ntcp dport @proxy_tcp goto refuse\nudp dport @proxy_udp goto refuse\n}");
  append_line(out, "chain refuse {\nadd @tried4 { meta skuid . ip daddr . meta l4proto . th dport }\n"
                   "add @tried6 { meta skuid . ip6 daddr . meta l4proto . th dport }\ngoto refuse_unseen\n}");
  append_line(out, "chain refuse_unseen {\nmeta l4proto tcp reject with tcp reset\nreject with icmpx admin-prohibited\n}");
}

Result<GateTry> parse_attempt(const Json& element) {
  const Json::Array* parts = element["elem"]["val"]["concat"].as_array();
  if (parts == nullptr || parts->size() != 4) return make_error(ErrorCode::kInvalidInput, "a noted attempt of another form");
  const auto* uid = (*parts)[0].as_int();
  const auto* address = (*parts)[1].as_string();
  const auto* protocol = (*parts)[2].as_int();
  const auto* port = (*parts)[3].as_int();
  if (uid == nullptr || address == nullptr || protocol == nullptr || port == nullptr || *uid < 0 || *uid > UINT32_MAX || *port < 0 ||
      *port > UINT16_MAX) {
    return make_error(ErrorCode::kInvalidInput, "a noted attempt of another form");
  }
  return GateTry{static_cast<std::uint32_t>(*uid), *address, *protocol == 6, static_cast<std::uint16_t>(*port)};
}

}  // namespace

std::string make_gate_removal() {
  // "add" makes it where it is not, so that there is something to delete.
  return "add table " + std::string(kGateTable) + "\ndelete table " + std::string(kGateTable) + "\n";
}

std::string make_gate_text(const GateRules& rules) {
  std::string out = make_gate_removal() + "table " + std::string(kGateTable) + " {\n";
  append_sets(out, rules);
  append_names(out);
  append_ways(out);
  return out + "}\n";
}

std::vector<std::string> make_gate_listings() {
  std::vector<std::string> out = {"list map " + std::string(kGateTable) + " people"};
  for (const std::string_view set : kSets) out.push_back("list set " + std::string(kGateTable) + " " + std::string(set));
  for (const std::string_view chain : kChains) out.push_back("list chain " + std::string(kGateTable) + " " + std::string(chain));
  return out;
}

std::vector<std::string> make_attempts_listings() {
  std::vector<std::string> out;
  for (const std::string_view set : kAttempts) out.push_back("list set " + std::string(kGateTable) + " " + std::string(set));
  return out;
}

Result<std::vector<GateTry>> parse_attempts(std::string_view json) {
  TRY(document, parse_json(json, {kMaxListing, 12, 40'000}));
  std::vector<GateTry> out;
  TRY(rows, document.array_at("nftables"));
  for (const Json& row : *rows) {
    const Json::Array* elements = row["set"]["elem"].as_array();
    if (elements == nullptr) continue;  // the line about the version; or an empty set
    for (const Json& element : *elements) {
      TRY(attempt, parse_attempt(element));
      out.push_back(std::move(attempt));
    }
  }
  return out;
}

std::string make_forget_attempts(const std::vector<GateTry>& attempts) {
  std::string out;
  for (const GateTry& one : attempts) {
    const bool is_v6 = one.address.find(':') != std::string::npos;
    append_line(out, "delete element " + std::string(kGateTable) + (is_v6 ? " tried6 { " : " tried4 { ") + std::to_string(one.uid) + " . " +
                         one.address + " . " + (one.tcp ? "tcp" : "udp") + " . " + std::to_string(one.port) + " }");
  }
  return out;
}

}  // namespace caretaker::platform
