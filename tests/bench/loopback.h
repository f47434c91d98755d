// What the benchmarks' programs share: sockets on 127.0.0.1, a clock in nanoseconds, and an end when something is wrong.
#pragma once

#include <cstdint>
#include <string>

namespace caretaker::bench {

// Nanoseconds since some fixed point in the past.
[[nodiscard]] std::int64_t now_ns();

// Prints why and ends the program: a benchmark that goes on after a failure measures something else.
[[noreturn]] void give_up(const std::string& what);

// Port 0 takes a free one.
[[nodiscard]] int bound_udp(std::uint16_t port);
[[nodiscard]] std::uint16_t port_of(int socket);
// Does not block.
[[nodiscard]] int connected_udp(std::uint16_t port);
// Does not block once it is connected.
[[nodiscard]] int connected_tcp(std::uint16_t port);

}  // namespace caretaker::bench
