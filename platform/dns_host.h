// What the machine knows about name resolution: its resolvers, and who asked a question. Port.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.h"
#include "platform/files.h"

namespace caretaker::platform {

// Addresses of the resolvers that the network told the machine to use. Where /etc/resolv.conf names only this machine
// (a stub, or us), what systemd-resolved or NetworkManager learned; without either, the local ones. The caller drops its
// own. Empty where there is none at all. `root` stands in front of every path.
[[nodiscard]] std::vector<std::string> system_resolvers(const std::filesystem::path& root = "/");
// The addresses of resolv.conf's nameserver lines (resolv.conf(5)); anything else in it is passed over.
[[nodiscard]] std::vector<std::string> parse_resolv_conf(std::string_view text);

enum class Protocol { kUdp, kTcp };

// An IPv4 or IPv6 address in network order and a port in host order.
struct Endpoint {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> address{};
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

// The owner of the local socket that sent from `client` to `server` (NETLINK_SOCK_DIAG on Linux). nullopt when the socket
// is not there (any more), was left behind by its process, or is not local: attribution never guesses. One thread.
class SocketOwners {
 public:
  [[nodiscard]] static Result<SocketOwners> open();
  [[nodiscard]] std::optional<std::uint32_t> owner(Protocol protocol, const Endpoint& client, const Endpoint& server);

 private:
  explicit SocketOwners(OpenFile netlink) : netlink_(std::move(netlink)) {}
  OpenFile netlink_;
  std::uint32_t sequence_ = 0;
};

}  // namespace caretaker::platform
