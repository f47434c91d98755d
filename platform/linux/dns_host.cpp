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
  for (const char* learned : {"run/systemd/resolve/resolv.conf", "run/NetworkManager/no-stub-resolv.conf", "run/dnsmasq/resolv.conf"}) {
    auto servers = nameservers_in(root / learned);
    std::erase_if(servers, is_loopback);
    if (!servers.empty()) return servers;
  }
  return named;
}

// What is asked at once: requests that go out as one message, and the answers, one message each. Request i has the number
// first + i.
struct SocketOwners::Inquiry {
  struct alignas(nlmsghdr) Answer {
    std::array<char, 128> bytes;  // a message without its attributes
  };
  explicit Inquiry(OpenFile socket);
  std::size_t add(Protocol protocol, const Endpoint& client, const Endpoint& server);
  void ask();
  [[nodiscard]] bool take(const nlmsghdr& header, std::size_t size);

  OpenFile netlink;
  std::uint32_t first = 0;
  std::size_t count = 0;
  std::array<Request, kAtOnce> requests;
  std::array<Endpoint, kAtOnce> clients;
  std::array<Owner, kAtOnce> found;
  std::array<Answer, kAtOnce> answers;
  std::array<iovec, kAtOnce> rooms;
  std::array<mmsghdr, kAtOnce> messages{};
};

SocketOwners::Inquiry::Inquiry(OpenFile socket) : netlink(std::move(socket)) {
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    rooms[i] = {answers[i].bytes.data(), answers[i].bytes.size()};
    messages[i].msg_hdr.msg_iov = &rooms[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
}

// The place of this client's request.
std::size_t SocketOwners::Inquiry::add(Protocol protocol, const Endpoint& client, const Endpoint& server) {
  const auto local = unmapped(client);
  const auto end = clients.begin() + static_cast<std::ptrdiff_t>(count);
  const auto same = std::find_if(clients.begin(), end,
                                 [&](const Endpoint& known) { return known.port == local.port && known == local; });
  if (same != end) return static_cast<std::size_t>(same - clients.begin());
  requests[count] = make_request(protocol, local, unmapped(server), first + static_cast<std::uint32_t>(count));
  clients[count] = local;
  found[count] = std::nullopt;
  return count++;
}

// The kernel answers within send(), so this never waits.
void SocketOwners::Inquiry::ask() {
  const auto size = static_cast<ssize_t>(count * sizeof(Request));
  if (::send(netlink.fd(), requests.data(), static_cast<std::size_t>(size), 0) != size) return;
  for (std::size_t left = count; left > 0;) {
    const int came = ::recvmmsg(netlink.fd(), messages.data(), static_cast<unsigned>(left), MSG_DONTWAIT, nullptr);
    if (came <= 0) return;
    for (int i = 0; i < came; ++i) {
      if (take(reinterpret_cast<const nlmsghdr&>(answers[i]), messages[i].msg_len)) --left;
    }
  }
}

// False for an answer that an earlier inquiry left over.
bool SocketOwners::Inquiry::take(const nlmsghdr& header, std::size_t size) {
  const std::uint32_t place = header.nlmsg_seq - first;
  if (size < sizeof header || place >= count) return false;
  if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY && size >= NLMSG_LENGTH(sizeof(inet_diag_msg))) {
    found[place] = owner_in(*static_cast<const inet_diag_msg*>(NLMSG_DATA(&header)), clients[place]);
  }
  return true;
}

SocketOwners::SocketOwners(std::unique_ptr<Inquiry> inquiry) : inquiry_(std::move(inquiry)) {}
SocketOwners::SocketOwners(SocketOwners&&) noexcept = default;
SocketOwners& SocketOwners::operator=(SocketOwners&&) noexcept = default;
SocketOwners::~SocketOwners() = default;

Result<SocketOwners> SocketOwners::open() {
  OpenFile netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink.is_open()) return posix_error(errno, "socket NETLINK_SOCK_DIAG");
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::connect(netlink.fd(), reinterpret_cast<sockaddr*>(&kernel), sizeof kernel) < 0) {
    return posix_error(errno, "connect NETLINK_SOCK_DIAG");
  }
  return SocketOwners(std::make_unique<Inquiry>(std::move(netlink)));
}

SocketOwners::Owner SocketOwners::owner(Protocol protocol, const Endpoint& client, const Endpoint& server) {
  Owner found;
  find(protocol, {&client, 1}, server, {&found, 1});
  return found;
}

void SocketOwners::find(Protocol protocol, std::span<const Endpoint> clients, const Endpoint& server,
                        std::span<Owner> owners) {
  auto& inquiry = *inquiry_;
  inquiry.first += static_cast<std::uint32_t>(std::exchange(inquiry.count, 0));
  std::array<std::size_t, kAtOnce> asked_as;
  const auto count = std::min(clients.size(), kAtOnce);
  for (std::size_t i = 0; i < count; ++i) asked_as[i] = inquiry.add(protocol, clients[i], server);
  inquiry.ask();
  for (std::size_t i = 0; i < count; ++i) owners[i] = inquiry.found[asked_as[i]];
}

}  // namespace caretaker::platform
