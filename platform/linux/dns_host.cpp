#include "platform/dns_host.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "platform/linux/endpoint_posix.h"
#include "platform/linux/posix_error.h"
#include "platform/sockets.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxResolvConf = 64u << 10;

struct Request {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

void put(const Endpoint& endpoint, __be32 (&address)[4], __be16& port) {
  std::memcpy(address, endpoint.address.data(), endpoint.is_v6 ? 16 : 4);
  port = htons(endpoint.port);
}

// The kernel looks a UDP socket up as the receiver of a packet from src to dst, a TCP socket as the one whose own end is
// src. The other order finds our own socket and its owner: plausible and wrong.
Request make_request(Protocol protocol, const Endpoint& client, const Endpoint& server, std::uint32_t sequence) {
  Request request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.header.nlmsg_seq = sequence;
  request.body.sdiag_family = client.is_v6 ? AF_INET6 : AF_INET;
  request.body.sdiag_protocol = protocol == Protocol::kUdp ? IPPROTO_UDP : IPPROTO_TCP;
  request.body.idiag_states = ~0u;
  auto& id = request.body.id;
  const bool is_udp = protocol == Protocol::kUdp;
  put(is_udp ? server : client, id.idiag_src, id.idiag_sport);
  put(is_udp ? client : server, id.idiag_dst, id.idiag_dport);
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return request;
}

// A socket that its process has closed still stands there for a while with owner 0 and inode 0: that is nobody, not root.
std::optional<std::uint32_t> owner_in(const inet_diag_msg& found, const Endpoint& client) {
  if (found.idiag_inode == 0 || found.id.idiag_sport != htons(client.port)) return std::nullopt;
  return found.idiag_uid;
}

std::vector<std::string> nameservers_in(const std::filesystem::path& path) {
  const auto bytes = read_file(path, kMaxResolvConf);
  return bytes ? parse_resolv_conf(as_text(*bytes)) : std::vector<std::string>{};
}

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

}  // namespace

std::vector<std::string> parse_resolv_conf(std::string_view text) {
  std::vector<std::string> servers;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    constexpr std::string_view kKey = "nameserver";
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    const auto begin = line.find_first_not_of(" \t");
    if (begin == 0 || begin == std::string_view::npos) continue;
    line.remove_prefix(begin);
    line = line.substr(0, line.find_first_of(" \t\r#;"));
    if (parse_endpoint(line, 53)) servers.emplace_back(line);
  }
  return servers;
}

std::vector<std::string> system_resolvers(const std::filesystem::path& root) {
  const auto named = nameservers_in(root / "etc/resolv.conf");
  if (!std::all_of(named.begin(), named.end(), is_loopback)) return named;
  for (const char* learned : {"run/systemd/resolve/resolv.conf", "run/NetworkManager/no-stub-resolv.conf"}) {
    auto servers = nameservers_in(root / learned);
    std::erase_if(servers, is_loopback);
    if (!servers.empty()) return servers;
  }
  return named;
}

Result<SocketOwners> SocketOwners::open() {
  OpenFile netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink.is_open()) return posix_error(errno, "socket NETLINK_SOCK_DIAG");
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::connect(netlink.fd(), reinterpret_cast<sockaddr*>(&kernel), sizeof kernel) < 0) {
    return posix_error(errno, "connect NETLINK_SOCK_DIAG");
  }
  return SocketOwners(std::move(netlink));
}

std::optional<std::uint32_t> SocketOwners::owner(Protocol protocol, const Endpoint& client, const Endpoint& server) {
  const auto local_client = unmapped(client);
  const auto request = make_request(protocol, local_client, unmapped(server), ++sequence_);
  if (::send(netlink_.fd(), &request, sizeof request, 0) != sizeof request) return std::nullopt;
  alignas(nlmsghdr) std::array<char, 1024> answer;
  // The kernel answers within send(), so this never waits; an older answer that was left over is passed by.
  for (;;) {
    const auto size = ::recv(netlink_.fd(), answer.data(), answer.size(), MSG_DONTWAIT);
    if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return std::nullopt;
    const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
    if (header->nlmsg_seq != sequence_) continue;
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY || size < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(inet_diag_msg)))) {
      return std::nullopt;
    }
    return owner_in(*static_cast<const inet_diag_msg*>(NLMSG_DATA(header)), local_client);
  }
}

}  // namespace caretaker::platform
