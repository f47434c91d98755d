#include "tests/bench/loopback.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace caretaker::bench {
namespace {

constexpr int kBufferBytes = 4 << 20;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int udp_socket(int flags) {
  const int made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0);
  if (made < 0) give_up(std::string("socket: ") + std::strerror(errno));
  return made;
}

void connect_to(int socket, std::uint16_t port) {
  const auto address = loopback(port);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    give_up("connect to port " + std::to_string(port) + ": " + std::strerror(errno));
  }
}

}  // namespace

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void give_up(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

int bound_udp(std::uint16_t port) {
  const int made = udp_socket(0);
  (void)setsockopt(made, SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof(kBufferBytes));
  const auto address = loopback(port);
  if (bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    give_up("bind to port " + std::to_string(port) + ": " + std::strerror(errno));
  }
  return made;
}

std::uint16_t port_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) give_up("getsockname");
  return ntohs(address.sin_port);
}

int connected_udp(std::uint16_t port) {
  const int made = udp_socket(SOCK_NONBLOCK);
  connect_to(made, port);
  return made;
}

int connected_tcp(std::uint16_t port) {
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) give_up(std::string("socket: ") + std::strerror(errno));
  connect_to(made, port);
  constexpr int kAtOnce = 1;
  (void)setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &kAtOnce, sizeof(kAtOnce));
  if (fcntl(made, F_SETFL, O_NONBLOCK) != 0) give_up("fcntl");
  return made;
}

}  // namespace caretaker::bench
