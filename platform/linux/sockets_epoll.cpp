#include "platform/sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "platform/linux/endpoint_posix.h"
#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

constexpr std::uint64_t kWakeToken = ~0ull;
constexpr int kOriginalDestination = 80;  // SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST: their headers do not go with those of sockets

Result<OpenFile> new_socket(const Endpoint& endpoint, int type) {
  const int fd = ::socket(endpoint.is_v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return posix_error(errno, "socket");
  return OpenFile(fd);
}

Status set_option(const OpenFile& file, int level, int option) {
  const int on = 1;
  if (::setsockopt(file.fd(), level, option, &on, sizeof on) < 0) return posix_error(errno, "setsockopt");
  return ok();
}

Result<OpenFile> bound_socket(const Endpoint& at, int type) {
  TRY(file, new_socket(at, type));
  if (at.is_v6) TRY_DONE(set_option(file, IPPROTO_IPV6, IPV6_V6ONLY));
  if (type == SOCK_STREAM) TRY_DONE(set_option(file, SOL_SOCKET, SO_REUSEADDR));
  sockaddr_storage address;
  const auto size = to_sockaddr(at, address);
  if (::bind(file.fd(), reinterpret_cast<sockaddr*>(&address), size) < 0) return posix_error(errno, "bind " + to_text(at));
  return file;
}

Result<OpenFile> connected_socket(const Endpoint& to, int type) {
  TRY(file, new_socket(to, type));
  sockaddr_storage address;
  const auto size = to_sockaddr(to, address);
  if (::connect(file.fd(), reinterpret_cast<sockaddr*>(&address), size) < 0 && errno != EINPROGRESS) {
    return posix_error(errno, "connect " + to_text(to));
  }
  return file;
}

Transfer transferred(ssize_t moved) {
  if (moved >= 0) return {Transfer::State::kMoved, static_cast<std::size_t>(moved)};
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS;
  return {later ? Transfer::State::kWouldBlock : Transfer::State::kClosed, 0};
}

epoll_event event_for(std::uint64_t token, Poller::Interest interest) {
  epoll_event event{};
  using enum Poller::Interest;
  if (interest == kRead || interest == kReadWrite) event.events |= EPOLLIN;
  if (interest == kWrite || interest == kReadWrite) event.events |= EPOLLOUT;
  event.data.u64 = token;
  return event;
}

// What recvmmsg() and sendmmsg() want to be told about packets.
struct PacketHeaders {
  explicit PacketHeaders(std::span<const Packet> packets) : count(static_cast<unsigned>(packets.size())) {
    for (unsigned i = 0; i < count; ++i) {
      rooms[i] = {packets[i].bytes.data(), packets[i].bytes.size()};
      messages[i] = {};
      messages[i].msg_hdr.msg_name = &addresses[i];
      messages[i].msg_hdr.msg_namelen = sizeof addresses[i];
      messages[i].msg_hdr.msg_iov = &rooms[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
  unsigned count;
  std::array<mmsghdr, kPacketsAtOnce> messages;
  std::array<iovec, kPacketsAtOnce> rooms;
  std::array<sockaddr_storage, kPacketsAtOnce> addresses;
};

using MarkRoom = std::array<char, CMSG_SPACE(sizeof(std::uint32_t))>;

std::uint32_t mark_in(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SO_MARK || part->cmsg_len != CMSG_LEN(sizeof(std::uint32_t))) continue;
    std::uint32_t mark = 0;
    std::memcpy(&mark, CMSG_DATA(part), sizeof mark);
    return mark;
  }
  return 0;
}

}  // namespace

Result<Socket> Socket::udp_server(const Endpoint& at) {
  TRY(file, bound_socket(at, SOCK_DGRAM));
  return Socket(std::move(file));
}

Result<Socket> Socket::tcp_server(const Endpoint& at) {
  TRY(file, bound_socket(at, SOCK_STREAM));
  if (::listen(file.fd(), 128) < 0) return posix_error(errno, "listen " + to_text(at));
  return Socket(std::move(file));
}

Result<Socket> Socket::udp_client(const Endpoint& server) {
  TRY(file, connected_socket(server, SOCK_DGRAM));
  return Socket(std::move(file));
}

Result<Socket> Socket::tcp_client(const Endpoint& server) {
  TRY(file, connected_socket(server, SOCK_STREAM));
  return Socket(std::move(file));
}

Status Socket::take_marks() { return set_option(file_, SOL_SOCKET, SO_RCVMARK); }

std::optional<Endpoint> Socket::meant_for() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockopt(fd(), IPPROTO_IP, kOriginalDestination, &address, &size) == 0) return from_sockaddr(address);
  size = sizeof address;
  if (::getsockopt(fd(), IPPROTO_IPV6, kOriginalDestination, &address, &size) == 0) return from_sockaddr(address);
  return std::nullopt;
}

Result<Endpoint> Socket::local() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd(), reinterpret_cast<sockaddr*>(&address), &size) < 0) return posix_error(errno, "getsockname");
  return from_sockaddr(address);
}

std::optional<Socket> Socket::accept(Endpoint& from) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  OpenFile file(::accept4(fd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!file.is_open()) return std::nullopt;
  const int on = 1;
  (void)::setsockopt(file.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // only a matter of speed
  from = from_sockaddr(address);
  return Socket(std::move(file));
}

Transfer Socket::receive(std::span<std::uint8_t> into) {
  const auto moved = transferred(::recv(fd(), into.data(), into.size(), 0));
  return moved;
}

std::size_t Socket::receive_packets(std::span<Packet> into) {
  PacketHeaders headers(into.first(std::min(into.size(), kPacketsAtOnce)));
  alignas(cmsghdr) std::array<MarkRoom, kPacketsAtOnce> marks;
  for (unsigned i = 0; i < headers.count; ++i) {
    headers.messages[i].msg_hdr.msg_control = marks[i].data();
    headers.messages[i].msg_hdr.msg_controllen = marks[i].size();
  }
  const int count = ::recvmmsg(fd(), headers.messages.data(), headers.count, 0, nullptr);
  for (int i = 0; i < count; ++i) {
    into[i].peer = from_sockaddr(headers.addresses[i]);
    into[i].bytes = into[i].bytes.first(headers.messages[i].msg_len);
    into[i].mark = mark_in(headers.messages[i].msg_hdr);
  }
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

Transfer Socket::send(ByteView bytes) { return transferred(::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL)); }

void Socket::send_packets(std::span<const Packet> packets) {
  while (!packets.empty()) {
    PacketHeaders headers(packets.first(std::min(packets.size(), kPacketsAtOnce)));
    for (unsigned i = 0; i < headers.count; ++i) {
      headers.messages[i].msg_hdr.msg_namelen = to_sockaddr(packets[i].peer, headers.addresses[i]);
    }
    const int sent = ::sendmmsg(fd(), headers.messages.data(), headers.count, MSG_NOSIGNAL);
    packets = packets.subspan(sent > 0 ? static_cast<std::size_t>(sent) : 1);  // an error is that of the first packet
  }
}

Result<Poller> Poller::open() {
  OpenFile epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_open()) return posix_error(errno, "epoll_create1");
  OpenFile event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!event.is_open()) return posix_error(errno, "eventfd");
  auto interest = event_for(kWakeToken, Interest::kRead);
  if (::epoll_ctl(epoll.fd(), EPOLL_CTL_ADD, event.fd(), &interest) < 0) return posix_error(errno, "epoll_ctl");
  return Poller(std::move(epoll), std::move(event));
}

Status Poller::watch(const Socket& socket, std::uint64_t token, Interest interest) {
  auto event = event_for(token, interest);
  if (::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, socket.fd(), &event) < 0) return posix_error(errno, "epoll_ctl");
  return ok();
}

Status Poller::change(const Socket& socket, std::uint64_t token, Interest interest) {
  auto event = event_for(token, interest);
  if (::epoll_ctl(epoll_.fd(), EPOLL_CTL_MOD, socket.fd(), &event) < 0) return posix_error(errno, "epoll_ctl");
  return ok();
}

Result<std::size_t> Poller::wait(std::span<Event> events, int timeout_ms) {
  std::array<epoll_event, 64> raw;
  const int capacity = static_cast<int>(std::min(events.size(), raw.size()));
  const int count = ::epoll_wait(epoll_.fd(), raw.data(), capacity, timeout_ms);
  if (count < 0 && errno != EINTR) return posix_error(errno, "epoll_wait");
  std::size_t out = 0;
  for (int i = 0; i < count; ++i) {
    if (raw[i].data.u64 == kWakeToken) {
      std::uint64_t drained;
      (void)!::read(event_.fd(), &drained, sizeof drained);
      continue;
    }
    const auto what = raw[i].events;
    events[out++] = {raw[i].data.u64, (what & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0,
                     (what & (EPOLLOUT | EPOLLERR)) != 0};
  }
  return out;
}

void Poller::wake() {
  const std::uint64_t one = 1;
  (void)!::write(event_.fd(), &one, sizeof one);
}

}  // namespace caretaker::platform
