// udp_echo [PORT]: sends every packet back, one at a time: the least that a server of UDP can do, as a measure of the machine.
// Prints its port.
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "tests/bench/loopback.h"

int main(int argc, char** argv) {
  using namespace caretaker::bench;
  const int socket = bound_udp(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
  std::printf("%u\n", static_cast<unsigned>(port_of(socket)));
  std::fflush(stdout);
  std::array<char, 4096> packet{};
  while (true) {
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    const auto got = recvfrom(socket, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got > 0) (void)sendto(socket, packet.data(), static_cast<std::size_t>(got), 0, reinterpret_cast<sockaddr*>(&from), size);
  }
}
