// What the machine knows about name resolution: its resolvers, and who asked a question. Port.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
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
  std::uint32_t scope = 0;  // the interface (its number) of a link-local IPv6 address, which means nothing without
  bool operator==(const Endpoint&) const = default;
};

// Owners of local sockets (NETLINK_SOCK_DIAG on Linux). Nothing is kept from one call to the next: a port is free the moment
// its socket closes, whoever watches /proc/net/udp can take it then, and with an owner remembered for only a millisecond he
// would ask in another's name and by another's rules. One thread.
class SocketOwners {
 public:
  using Owner = std::optional<std::uint32_t>;
  static constexpr std::size_t kAtOnce = 32;

  [[nodiscard]] static Result<SocketOwners> open();
  SocketOwners(SocketOwners&&) noexcept;
  SocketOwners& operator=(SocketOwners&&) noexcept;
  ~SocketOwners();
  // Who sent from `client` to `server`. nullopt when the socket is not there (any more), was left behind by its process, or is
  // not local: attribution never guesses.
  [[nodiscard]] Owner owner(Protocol protocol, const Endpoint& client, const Endpoint& server);
  // The same for up to kAtOnce clients with one question to the kernel; a client that stands there several times is looked
  // up once. owners[i] is clients[i]'s.
  void find(Protocol protocol, std::span<const Endpoint> clients, const Endpoint& server, std::span<Owner> owners);

 private:
  struct Inquiry;
  explicit SocketOwners(std::unique_ptr<Inquiry> inquiry);
  std::unique_ptr<Inquiry> inquiry_;
};

}  // namespace caretaker::platform
