// What a device's packet filter has to do for the school, as values: decided in policy/, put into the kernel's form in platform/.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace caretaker {

struct GatePorts {
  bool tcp = false;
  bool udp = false;
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  auto operator<=>(const GatePorts&) const = default;
};

// Users by uid. Whoever stands in none of the sets has everything closed, and asks for names here alone.
struct GateRules {
  std::set<std::uint32_t> exempt;      // left alone: caretaker-net, and the system's own resolver that it asks
  std::set<std::uint32_t> people;      // whose questions are to carry their uid
  std::set<std::uint32_t> unfiltered;  // may ask other resolvers: the filter does not work, and their policy lets them go on
  std::set<std::uint32_t> may_doh;
  std::set<std::uint32_t> may_vpn;
  std::set<std::uint32_t> may_proxy;
  std::vector<std::string> doh_v4;     // addresses and prefixes of resolvers over HTTPS
  std::vector<std::string> doh_v6;
  std::vector<GatePorts> vpn;
  std::vector<GatePorts> proxy;
  bool operator==(const GateRules&) const = default;
};

// A connection that was refused. `uid` is whose; the kernel's own tunnels have none, and are refused without a record.
struct GateAttempt {
  enum class Way : std::uint8_t { kPlainDns, kDnsOverTls, kDnsOverHttps, kVpn, kProxy };
  std::uint32_t uid = 0;
  Way way = Way::kDnsOverTls;
  std::string address;
  bool tcp = false;
  std::uint16_t port = 0;
  bool operator==(const GateAttempt&) const = default;
};

// The uid in the mark that a question carries to the filter. The bit keeps other programs' marks apart; a uid that has it is not marked.
inline constexpr std::uint32_t kGateMark = 0x8000'0000;

// Where the filter listens on an installed machine. Below 1024, so that no user can take its place while it restarts.
inline constexpr const char* kGateFilterV4 = "127.0.0.153";
inline constexpr std::uint16_t kGateFilterPortV4 = 53;
inline constexpr const char* kGateFilterV6 = "::1";  // the one loopback address that IPv6 has; its port 53 may be somebody's
inline constexpr std::uint16_t kGateFilterPortV6 = 153;

}  // namespace caretaker
