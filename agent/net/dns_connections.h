// TCP connections of those who ask us: frames with a length in front (RFC 1035 section 4.2.2), many questions on their way at
// once in either direction (RFC 7766 section 6.2.1.1), closed when idle. One thread, that of the poller.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "platform/base/clock.h"
#include "platform/sockets.h"

namespace caretaker::agent {

class DnsConnections {
 public:
  using Id = std::uint32_t;
  // Tokens of the poller in [first_token, first_token + 2^32) are ours.
  DnsConnections(platform::Poller& poller, std::uint64_t first_token) : poller_(poller), first_token_(first_token) {}

  using Owner = platform::SocketOwners::Owner;
  // Takes one over. When its user has all the places that one user may have, the one of his that has been silent longest is
  // closed for it; when all places are taken, one of the user with most of them.
  void add(platform::Socket socket, Owner owner, MonotonicMs now);
  // Reads and writes what can be; then next_message() until there is none.
  [[nodiscard]] Id on_ready(const platform::Poller::Event& event, MonotonicMs now);
  // The next whole message that came, until the next call; nullopt: none, or the connection is gone.
  [[nodiscard]] std::optional<ByteView> next_message(Id id);
  // Each message that came gets one answer, in any order. Sends, or keeps for later; a client that does not read its
  // answers is closed.
  void send(Id id, ByteView message);
  void close(Id id) { connections_.erase(id); }
  void close_idle(MonotonicMs now);

  // As it was when the connection came: the socket's owner does not change, and later its process may have left it.
  [[nodiscard]] Owner owner(Id id) const { return connections_.at(id).owner; }
  [[nodiscard]] bool empty() const { return connections_.empty(); }

 private:
  struct Connection {
    platform::Socket socket;
    Owner owner;
    Bytes in;
    std::size_t taken = 0;  // of `in`
    Bytes out;
    MonotonicMs last_active = 0;
    std::size_t unanswered = 0;
    bool has_ended = false;  // they will send no more; what is on its way still goes out
    [[nodiscard]] bool is_done() const { return has_ended && unanswered == 0 && out.empty(); }
  };
  enum class Alive { kYes, kNo };
  void make_room_for(Owner owner);
  [[nodiscard]] Alive read(Connection& connection);
  [[nodiscard]] Alive write(Id id, Connection& connection);

  platform::Poller& poller_;
  std::uint64_t first_token_;
  Id last_id_ = 0;
  std::unordered_map<Id, Connection> connections_;
};

}  // namespace caretaker::agent
