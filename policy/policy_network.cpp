#include "policy/policy_network.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "policy/address.h"

namespace caretaker::policy {
namespace {

constexpr std::array<std::string_view, 4> kNetworkKeys = {"closed_ports", "open_ports", "closed_addresses", "portal_minutes"};
constexpr std::size_t kMaxEntries = 1000;
// Closing these would close the web, the school's server or the way to an address at all.
constexpr std::array<std::uint16_t, 6> kNeeded = {53, 67, 68, 80, 123, 443};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::vector<GatePorts> read_ports(const Section& network, std::string_view key, bool closes) {
  std::vector<GatePorts> out;
  for (const TomlValue* value : network.texts(key)) {
    const auto ports = parse_ports(value->text);
    const auto is_needed = [&](std::uint16_t port) { return ports->first <= port && port <= ports->last; };
    if (!ports) {
      network.error(key, *value, "expected ports such as \"1194\", \"51820/udp\" or \"6881-6889/tcp\"");
    } else if (closes && std::ranges::any_of(kNeeded, is_needed)) {
      network.error(key, *value, "this would close what every connection needs (53, 67, 68, 80, 123 or 443)");
    } else {
      out.push_back(*ports);
    }
  }
  if (out.size() > kMaxEntries) network.error_here(key, "more than 1000 entries");
  return out;
}

// "192.0.2.1", "192.0.2.0/24", "2001:db8::/32". A short prefix is half the internet, and hardly meant.
bool is_address_or_prefix(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  const bool v4 = is_ipv4(address);
  if (!v4 && !is_ipv6(address)) return false;
  if (slash == std::string_view::npos) return true;
  const auto bits = parse_port(text.substr(slash + 1));
  return bits && *bits >= (v4 ? 8 : 16) && *bits <= (v4 ? 32 : 128);
}

std::vector<std::string> read_addresses(const Section& network, std::string_view key) {
  std::vector<std::string> out;
  for (const TomlValue* value : network.texts(key)) {
    if (is_address_or_prefix(value->text)) {
      out.push_back(value->text);
    } else {
      network.error(key, *value, "expected an address such as \"192.0.2.1\", or a range such as \"192.0.2.0/24\" or \"2001:db8::/32\"");
    }
  }
  if (out.size() > kMaxEntries) network.error_here(key, "more than 1000 entries");
  return out;
}

}  // namespace

std::optional<GatePorts> parse_ports(std::string_view text) {
  GatePorts out{true, true, 0, 0};
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view protocol = text.substr(slash + 1);
    if (protocol != "tcp" && protocol != "udp") return std::nullopt;
    out.tcp = protocol == "tcp";
    out.udp = !out.tcp;
    text = text.substr(0, slash);
  }
  const auto dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  out.first = *first;
  out.last = *last;
  return out;
}

std::string ports_text(const GatePorts& ports) {
  std::string out = std::to_string(ports.first);
  if (ports.last != ports.first) out += "-" + std::to_string(ports.last);
  if (ports.tcp != ports.udp) out += ports.tcp ? "/tcp" : "/udp";
  return out;
}

NetworkRules read_network(const Section& root) {
  NetworkRules out;
  const auto network = root.section("network");
  if (!network) return out;
  network->allow_only(kNetworkKeys);
  out.closed_ports = read_ports(*network, "closed_ports", true);
  out.open_ports = read_ports(*network, "open_ports", false);
  out.closed_addresses = read_addresses(*network, "closed_addresses");
  const auto minutes = network->whole_number("portal_minutes");
  if (minutes && (*minutes < 0 || *minutes > kMaxPortalMinutes)) {
    network->error("portal_minutes", *network->table().find("portal_minutes"), "expected 0 to 60");
  } else {
    out.portal_minutes = minutes.value_or(0);
  }
  return out;
}

}  // namespace caretaker::policy
