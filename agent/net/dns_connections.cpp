#include "agent/net/dns_connections.h"

#include <algorithm>
#include <array>
#include <vector>

#include "platform/control_admission.h"

namespace caretaker::agent {
namespace {

using platform::Poller;
using platform::Transfer;

constexpr std::size_t kMaxConnections = 128;
constexpr std::size_t kMaxOfOneUser = 32;
constexpr MonotonicMs kIdleMs = 10'000;
constexpr std::size_t kMaxIn = 64u << 10;    // one message of the greatest length, nearly
constexpr std::size_t kMaxOut = 256u << 10;  // of answers that a client does not read
constexpr std::size_t kMaxQuestion = 4096;   // no question is longer

}  // namespace

void DnsConnections::make_room_for(Owner owner) {
  const auto uid_of = [](Owner known) { return known.value_or(~0u); };  // no user's: (uid_t) -1
  std::vector<platform::Place> places;
  for (const auto& [id, connection] : connections_) places.push_back({id, uid_of(connection.owner), connection.last_active});
  if (const auto leaving = platform::decide_eviction(places, uid_of(owner), {kMaxConnections, kMaxOfOneUser})) {
    connections_.erase(static_cast<Id>(*leaving));
  }
}

void DnsConnections::add(platform::Socket socket, Owner owner, MonotonicMs now) {
  make_room_for(owner);
  const auto id = ++last_id_;
  if (!poller_.watch(socket, first_token_ + id, Poller::Interest::kRead)) return;
  Connection connection;
  connection.socket = std::move(socket);
  connection.owner = owner;
  connection.last_active = now;
  connections_.emplace(id, std::move(connection));
}

DnsConnections::Alive DnsConnections::read(Connection& connection) {
  auto& in = connection.in;
  in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(connection.taken));
  connection.taken = 0;
  std::array<std::uint8_t, 8192> buffer;
  while (in.size() < kMaxIn) {
    const auto received = connection.socket.receive(buffer);
    if (received.state == Transfer::State::kWouldBlock) return Alive::kYes;
    if (received.state == Transfer::State::kClosed) return Alive::kNo;
    if (received.size == 0) {
      connection.has_ended = true;
      return Alive::kYes;
    }
    in.insert(in.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(received.size));
  }
  return Alive::kYes;
}

DnsConnections::Alive DnsConnections::write(Id id, Connection& connection) {
  auto& out = connection.out;
  const auto sent = connection.socket.send(out);
  if (sent.state == Transfer::State::kClosed) return Alive::kNo;
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(sent.size));
  if (connection.is_done()) return Alive::kNo;
  const auto idle = connection.has_ended ? Poller::Interest::kNone : Poller::Interest::kRead;
  const auto busy = connection.has_ended ? Poller::Interest::kWrite : Poller::Interest::kReadWrite;
  return poller_.change(connection.socket, first_token_ + id, out.empty() ? idle : busy) ? Alive::kYes : Alive::kNo;
}

DnsConnections::Id DnsConnections::on_ready(const Poller::Event& event, MonotonicMs now) {
  const auto id = static_cast<Id>(event.token - first_token_);
  const auto found = connections_.find(id);
  if (found == connections_.end()) return id;
  auto& connection = found->second;
  connection.last_active = now;
  auto alive = event.readable && !connection.has_ended ? read(connection) : Alive::kYes;
  if (alive == Alive::kYes && (connection.has_ended || !connection.out.empty())) alive = write(id, connection);
  if (alive == Alive::kNo) connections_.erase(found);
  return id;
}

std::optional<ByteView> DnsConnections::next_message(Id id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return std::nullopt;
  auto& connection = found->second;
  const auto rest = ByteView(connection.in).subspan(connection.taken);
  const std::size_t size = rest.size() < 2 ? 0 : static_cast<std::size_t>(rest[0]) << 8 | rest[1];
  if (rest.size() >= 2 + size && size <= kMaxQuestion) {
    connection.taken += 2 + size;
    ++connection.unanswered;
    return rest.subspan(2, size);
  }
  if (size > kMaxQuestion || connection.is_done()) connections_.erase(found);
  return std::nullopt;
}

void DnsConnections::send(Id id, ByteView message) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  auto& connection = found->second;
  const bool was_empty = connection.out.empty();
  --connection.unanswered;
  connection.out.push_back(static_cast<std::uint8_t>(message.size() >> 8));
  connection.out.push_back(static_cast<std::uint8_t>(message.size()));
  connection.out.insert(connection.out.end(), message.begin(), message.end());
  const bool is_stuck = connection.out.size() > kMaxOut;
  if (is_stuck || (was_empty && write(id, connection) == Alive::kNo)) connections_.erase(found);
}

void DnsConnections::close_idle(MonotonicMs now) {
  std::erase_if(connections_, [&](const auto& entry) { return now - entry.second.last_active >= kIdleMs; });
}

}  // namespace caretaker::agent
