// Non-blocking sockets and one wait for all of them. Port: plain sockets and epoll on Linux (Poco's allocate per packet).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "platform/base/bytes.h"
#include "platform/base/result.h"
#include "platform/dns_host.h"
#include "platform/files.h"

namespace caretaker::platform {

// "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353", "fe80::1%eth0", "fe80::1%2"; no names. kInvalidInput for anything else.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);
[[nodiscard]] std::string to_text(const Endpoint& endpoint);  // always with the port

struct Transfer {
  enum class State { kMoved, kWouldBlock, kClosed };  // closed: by the peer, or by an error of the network
  State state = State::kClosed;
  std::size_t size = 0;
};

// Where a packet comes from or goes to. When it is to be received, `bytes` is the room for it, and afterwards what came.
struct Packet {
  Endpoint peer;
  std::span<std::uint8_t> bytes;
  std::uint32_t mark = 0;  // of one that came, where take_marks() was called
};
inline constexpr std::size_t kPacketsAtOnce = 32;

// One socket, never blocking. One thread.
class Socket {
 public:
  Socket() = default;
  [[nodiscard]] static Result<Socket> udp_server(const Endpoint& at);
  [[nodiscard]] static Result<Socket> tcp_server(const Endpoint& at);
  // Connected: takes packets from `server` alone, and its own port is drawn by the kernel at random.
  [[nodiscard]] static Result<Socket> udp_client(const Endpoint& server);
  // Begins to connect; it is done, or has failed, when the socket can be written.
  [[nodiscard]] static Result<Socket> tcp_client(const Endpoint& server);

  // Packets carry from here on what the packet filter has marked them with. Needs CAP_NET_RAW when it is called.
  [[nodiscard]] Status take_marks();
  [[nodiscard]] Result<Endpoint> local() const;
  // Of an accepted connection: what its other side had connected to, before the packet filter led it here.
  [[nodiscard]] std::optional<Endpoint> meant_for() const;
  // The next connection, if one waits.
  [[nodiscard]] std::optional<Socket> accept(Endpoint& from);
  [[nodiscard]] Transfer receive(std::span<std::uint8_t> into);
  // The packets that wait, in the order in which they came, at most kPacketsAtOnce; how many. Longer ones are cut.
  [[nodiscard]] std::size_t receive_packets(std::span<Packet> into);
  [[nodiscard]] Transfer send(ByteView bytes);
  // In this order, any number of them. One that cannot be sent now is lost.
  void send_packets(std::span<const Packet> packets);
  [[nodiscard]] int fd() const { return file_.fd(); }
  [[nodiscard]] bool is_open() const { return file_.is_open(); }

 private:
  explicit Socket(OpenFile file) : file_(std::move(file)) {}
  OpenFile file_;
};

// Waits for many sockets. A socket that closes is forgotten by itself.
class Poller {
 public:
  enum class Interest { kNone, kRead, kWrite, kReadWrite };
  struct Event {
    std::uint64_t token = 0;
    bool readable = false;  // or closed: the next receive() tells
    bool writable = false;
  };
  [[nodiscard]] static Result<Poller> open();
  [[nodiscard]] Status watch(const Socket& socket, std::uint64_t token, Interest interest);
  [[nodiscard]] Status change(const Socket& socket, std::uint64_t token, Interest interest);
  // How many events came; 0 after timeout_ms (-1: no limit) or wake().
  [[nodiscard]] Result<std::size_t> wait(std::span<Event> events, int timeout_ms);
  // Makes a wait(), now or the next, return. Async-signal-safe; any thread.
  void wake();

 private:
  Poller(OpenFile epoll, OpenFile event) : epoll_(std::move(epoll)), event_(std::move(event)) {}
  OpenFile epoll_;
  OpenFile event_;
};

}  // namespace caretaker::platform
