// What the machine knows about name resolution: its resolvers, and who asked a question. Port.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/result.h"

namespace caretaker::platform {

// Addresses of the resolvers that the machine was told to use (resolv.conf's nameserver lines), without our own.
[[nodiscard]] Result<std::vector<std::string>> system_resolvers();

enum class Protocol { kUdp, kTcp };

// An IPv4 or IPv6 address in network order and a port in host order.
struct Endpoint {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> address{};
  std::uint16_t port = 0;
};

// The owner of the local socket that sent from `client` to `server` (NETLINK_SOCK_DIAG on Linux). nullopt when the socket
// is not there (any more) or is not local: attribution never guesses.
class SocketOwners {
 public:
  [[nodiscard]] static Result<SocketOwners> open();
  SocketOwners(SocketOwners&&) noexcept;
  SocketOwners& operator=(SocketOwners&&) noexcept;
  ~SocketOwners();
  [[nodiscard]] std::optional<std::uint32_t> owner(Protocol protocol, const Endpoint& client, const Endpoint& server);

 private:
  explicit SocketOwners(int fd) : fd_(fd) {}
  int fd_ = -1;
  std::uint32_t sequence_ = 0;
};

}  // namespace caretaker::platform
