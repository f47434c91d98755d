#include "agent/net/dns_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "agent/net/dns_connections.h"
#include "agent/net/dns_filter.h"
#include "agent/net/dns_packets.h"
#include "platform/base/clock.h"
#include "platform/base/log.h"

namespace caretaker::agent {
namespace {

using platform::Poller;

// Tokens of the poller: kinds lie far apart, and DnsUpstream's come after all of them.
constexpr std::uint64_t kUdpTokens = 0;
constexpr std::uint64_t kTcpTokens = 1ull << 32;
constexpr std::uint64_t kConnectionTokens = 2ull << 32;
constexpr int kAtOnce = 64;  // connections, or groups of packets, of one listener before the others get their turn
constexpr int kHousekeepingMs = 2'000;
constexpr int kPortTries = 32;

struct Listener {
  platform::Endpoint at;
  platform::Socket udp;
  platform::Socket tcp;
};

bool is_wildcard(const platform::Endpoint& endpoint) {
  return std::all_of(endpoint.address.begin(), endpoint.address.end(), [](std::uint8_t byte) { return byte == 0; });
}

Result<Listener> open_listener(const std::string& address) {
  TRY(at, platform::parse_endpoint(address, 53));
  if (is_wildcard(at)) return make_error(ErrorCode::kInvalidInput, address + ": expected an address, not a wildcard");
  for (int tries = 1;; ++tries) {
    TRY(udp, platform::Socket::udp_server(at));
    TRY(taken, udp.local());
    auto tcp = platform::Socket::tcp_server(taken);
    if (tcp) return Listener{taken, std::move(udp), std::move(*tcp)};
    // The port that is free over UDP may be somebody's over TCP.
    if (at.port != 0 || tries == kPortTries) return tcp.error();
  }
}

Result<std::vector<Listener>> open_listeners(const std::vector<std::string>& addresses) {
  std::vector<Listener> listeners;
  for (const auto& address : addresses) {
    auto listener = open_listener(address);
    const auto at = platform::parse_endpoint(address, 53);
    if (!listener && at && at->is_v6 && addresses.size() > 1) {  // a machine without IPv6: nobody asks there
      log_warning("net", "not answering at " + address + ": " + listener.error().message);
      continue;
    }
    if (!listener) return listener.error();
    if (!listener->udp.take_marks()) log_debug("net", "who asks is found by socket alone");
    listeners.push_back(std::move(*listener));
  }
  if (listeners.empty()) return make_error(ErrorCode::kInvalidInput, "no address to listen on");
  return listeners;
}

std::vector<platform::Endpoint> endpoints_of(const std::vector<Listener>& listeners) {
  std::vector<platform::Endpoint> endpoints;
  for (const auto& listener : listeners) endpoints.push_back(listener.at);
  return endpoints;
}

}  // namespace

struct DnsServer::State {
  State(Poller opened, platform::SocketOwners opened_owners, std::vector<Listener> open, ViolationSink sink)
      : poller(std::move(opened)), owners(std::move(opened_owners)), listeners(std::move(open)),
        filter(poller, endpoints_of(listeners), std::move(sink), counters),
        connections(poller, kConnectionTokens) {
    for (const auto& listener : listeners) addresses.push_back(platform::to_text(listener.at));
  }

  Status watch_listeners();
  void take_new_filter();
  void on_event(const Poller::Event& event, MonotonicMs now);
  void on_udp(std::uint32_t place, MonotonicMs now);
  void on_tcp(Listener& listener, MonotonicMs now);
  void on_connection(const Poller::Event& event, MonotonicMs now);
  void send_finished(const std::vector<DnsFilter::Finished>& all, MonotonicMs now);
  void send(const DnsClient& client, std::span<std::uint8_t> message);
  [[nodiscard]] int timeout_ms(MonotonicMs now) const;

  Poller poller;
  platform::SocketOwners owners;
  std::vector<Listener> listeners;
  std::vector<std::string> addresses;
  DnsCounters counters;
  DnsFilter filter;
  DnsConnections connections;
  std::atomic<bool> stopped{false};
  std::atomic<bool> has_new_filter{false};
  std::mutex new_filter_mutex;
  FilterPtr new_filter;
  DnsPackets packets;
  std::array<std::uint8_t, kMaxMessage> answer;
};

Status DnsServer::State::watch_listeners() {
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    TRY_DONE(poller.watch(listeners[i].udp, kUdpTokens + i, Poller::Interest::kRead));
    TRY_DONE(poller.watch(listeners[i].tcp, kTcpTokens + i, Poller::Interest::kRead));
  }
  return ok();
}

void DnsServer::State::take_new_filter() {
  if (!has_new_filter.load(std::memory_order_acquire)) return;
  FilterPtr taken;
  {
    const std::lock_guard lock(new_filter_mutex);
    taken = std::move(new_filter);
    has_new_filter.store(false, std::memory_order_release);
  }
  filter.use(std::move(taken));
}

// A packet that cannot be sent now is lost: UDP's asker asks again.
void DnsServer::State::send(const DnsClient& client, std::span<std::uint8_t> message) {
  if (client.transport == Transport::kTcp) return connections.send(client.place, message);
  const platform::Packet packet{client.address, message};
  listeners[client.place].udp.send_packets({&packet, 1});
}

void DnsServer::State::on_udp(std::uint32_t place, MonotonicMs now) {
  auto& listener = listeners[place];
  for (int group = 0; group < kAtOnce; ++group) {
    const auto count = packets.receive(listener.udp, listener.at, owners);
    for (std::size_t i = 0; i < count; ++i) {
      take_new_filter();
      DnsWriter out(packets.room_for_answer(i));
      const DnsClient client{Transport::kUdp, place, packets.client(i), packets.owner(i)};
      const auto outcome = filter.on_query(packets.question(i), client, now, out);
      if (outcome == DnsFilter::Outcome::kAnswered) packets.answer(i, out.size());
    }
    packets.send(listener.udp);
    if (count < platform::kPacketsAtOnce) return;
  }
}

void DnsServer::State::on_tcp(Listener& listener, MonotonicMs now) {
  platform::Endpoint client;
  for (int i = 0; i < kAtOnce; ++i) {
    auto socket = listener.tcp.accept(client);
    if (!socket) return;
    const auto server = socket->meant_for().value_or(listener.at);
    connections.add(std::move(*socket), owners.owner(platform::Protocol::kTcp, client, server), now);
  }
}

void DnsServer::State::on_connection(const Poller::Event& event, MonotonicMs now) {
  const auto id = connections.on_ready(event, now);
  while (const auto message = connections.next_message(id)) {
    take_new_filter();
    DnsWriter out(answer);
    switch (filter.on_query(*message, {Transport::kTcp, id, {}, connections.owner(id)}, now, out)) {
      case DnsFilter::Outcome::kAnswered: connections.send(id, out.bytes()); break;
      case DnsFilter::Outcome::kIgnored: connections.close(id); break;
      case DnsFilter::Outcome::kWaiting: break;
    }
  }
}

void DnsServer::State::send_finished(const std::vector<DnsFilter::Finished>& all, MonotonicMs now) {
  for (const auto& finished : all) {
    for (const auto& waiting : finished.waiting) {
      DnsWriter out(answer);
      filter.write_answer(waiting, finished.message, now, out);
      send(waiting.client, std::span(answer).first(out.size()));
    }
  }
}

void DnsServer::State::on_event(const Poller::Event& event, MonotonicMs now) {
  if (event.token >= DnsUpstream::kFirstToken) return send_finished(filter.on_ready(event, now), now);
  if (event.token >= kConnectionTokens) return on_connection(event, now);
  if (event.token >= kTcpTokens) return on_tcp(listeners[event.token - kTcpTokens], now);
  on_udp(static_cast<std::uint32_t>(event.token - kUdpTokens), now);
}

int DnsServer::State::timeout_ms(MonotonicMs now) const {
  const auto deadline = filter.next_deadline();
  if (!deadline) return connections.empty() ? -1 : kHousekeepingMs;
  return static_cast<int>(std::clamp<MonotonicMs>(*deadline - now, 0, kHousekeepingMs));
}

Result<std::unique_ptr<DnsServer>> DnsServer::listen(const std::vector<std::string>& addresses, ViolationSink sink) {
  TRY(listeners, open_listeners(addresses));
  TRY(poller, Poller::open());
  TRY(owners, platform::SocketOwners::open());
  auto state =
      std::make_unique<State>(std::move(poller), std::move(owners), std::move(listeners), std::move(sink));
  TRY_DONE(state->watch_listeners());
  return std::unique_ptr<DnsServer>(new DnsServer(std::move(state)));
}

DnsServer::DnsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
DnsServer::~DnsServer() = default;

void DnsServer::serve_page(const platform::Endpoint& page) { state_->filter.serve_page(page); }

void DnsServer::on_portal_question(std::function<void()> tell) { state_->filter.on_portal_question(std::move(tell)); }

void DnsServer::set_filter(FilterPtr filter) {
  const std::lock_guard lock(state_->new_filter_mutex);
  state_->new_filter = std::move(filter);
  state_->has_new_filter.store(true, std::memory_order_release);
}

Status DnsServer::run(platform::ServiceHost& host) {
  std::array<Poller::Event, 64> events;
  auto now = system_clock().monotonic_ms();
  while (!state_->stopped.load(std::memory_order_relaxed)) {
    TRY_DONE(host.alive());
    TRY(count, state_->poller.wait(events, host.bounded_wait_ms(state_->timeout_ms(now))));
    now = system_clock().monotonic_ms();
    for (std::size_t i = 0; i < count; ++i) state_->on_event(events[i], now);
    state_->send_finished(state_->filter.on_time(now), now);
    state_->connections.close_idle(now);
  }
  return ok();
}

void DnsServer::stop() {
  state_->stopped.store(true, std::memory_order_relaxed);
  state_->poller.wake();
}

DnsStatistics DnsServer::statistics() const {
  const auto& counters = state_->counters;
  const auto read = [](const DnsCounters::Count& counter) { return counter.load(std::memory_order_relaxed); };
  return {read(counters.queries),   read(counters.blocked),        read(counters.rewritten),
          read(counters.from_cache), read(counters.asked_upstream), read(counters.upstream_failures),
          read(counters.forged),    read(counters.malformed),      read(counters.not_ready)};
}

const std::vector<std::string>& DnsServer::addresses() const { return state_->addresses; }

}  // namespace caretaker::agent
