// An upstream resolver for tests: real sockets on loopback, answers as the test says.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "platform/sockets.h"
#include "tests/unit/agent/dns_packets.h"

namespace caretaker::agent::test {

struct FakeRecord {
  std::string name;
  std::uint16_t type;
  std::uint32_t ttl;
  Bytes rdata;
};

inline Bytes wire(std::string_view name) { return to_bytes(name_of(name).view()); }
inline FakeRecord a_record(std::string name, Bytes address, std::uint32_t ttl = 300) {
  return {std::move(name), address.size() == 4 ? dns_type::kA : dns_type::kAaaa, ttl, std::move(address)};
}
inline FakeRecord cname_record(std::string name, std::string_view target, std::uint32_t ttl = 300) {
  return {std::move(name), dns_type::kCname, ttl, wire(target)};
}

// An answer to `query` with AD set, as a validating upstream would.
inline Bytes make_answer(ByteView query, const std::vector<FakeRecord>& records, std::uint16_t code = 0,
                         const std::vector<FakeRecord>& authorities = {}) {
  DnsQuestion question;
  const auto behind = read_question(query, kDnsHeader, question);
  Bytes buffer(65535);
  DnsWriter writer(buffer);
  const auto flags = static_cast<std::uint16_t>(dns_flag::kAnswer | dns_flag::kRecursionAvailable | dns_flag::kAuthentic |
                                                dns_flag::kRecursionDesired | code);
  writer.header({read_u16(query, 0), flags, 1, static_cast<std::uint16_t>(records.size()),
                 static_cast<std::uint16_t>(authorities.size()), 0});
  writer.raw(query.subspan(kDnsHeader, *behind - kDnsHeader));
  for (const auto* section : {&records, &authorities}) {
    for (const auto& record : *section) {
      const auto at = writer.begin_record(name_of(record.name), record.type, kClassIn, record.ttl);
      writer.raw(record.rdata);
      writer.end_rdata(at);
    }
  }
  return to_bytes(writer.bytes());
}

class FakeUpstream {
 public:
  // What goes back for a query: any number of packets. `is_tcp` says how it came.
  using Behaviour = std::function<std::vector<Bytes>(ByteView query, bool is_tcp)>;

  explicit FakeUpstream(Behaviour behaviour, bool has_tcp = true) : behaviour_(std::move(behaviour)) {
    for (int tries = 0; tries < 32 && !udp_.is_open(); ++tries) open(has_tcp);
    REQUIRE(udp_.is_open());
    auto poller = platform::Poller::open();
    REQUIRE(poller);
    poller_ = std::make_unique<platform::Poller>(std::move(*poller));
    REQUIRE(poller_->watch(udp_, 0, platform::Poller::Interest::kRead));
    if (has_tcp) REQUIRE(poller_->watch(tcp_, 1, platform::Poller::Interest::kRead));
    thread_ = std::thread([this] { run(); });
  }
  ~FakeUpstream() {
    stopped_ = true;
    poller_->wake();
    thread_.join();
  }
  [[nodiscard]] std::string address() const { return platform::to_text(at_); }
  [[nodiscard]] int asked() const { return asked_; }

  // The last client, for tests that send from elsewhere.
  platform::Endpoint last_client() {
    const std::lock_guard lock(mutex_);
    return last_client_;
  }

 private:
  // Not open afterwards when the port that is free over UDP is somebody's over TCP.
  void open(bool has_tcp) {
    auto udp = platform::Socket::udp_server(*platform::parse_endpoint("127.0.0.1:0", 0));
    REQUIRE(udp);
    at_ = *udp->local();
    if (has_tcp) {
      auto tcp = platform::Socket::tcp_server(at_);
      if (!tcp) return;
      tcp_ = std::move(*tcp);
    }
    udp_ = std::move(*udp);
  }
  void run() {
    std::array<platform::Poller::Event, 8> events;
    while (!stopped_) {
      const auto count = poller_->wait(events, -1);
      for (std::size_t i = 0; count && i < *count; ++i) events[i].token == 0 ? on_udp() : on_tcp();
    }
  }
  void on_udp() {
    platform::Packet question{{}, buffer_};
    if (udp_.receive_packets({&question, 1}) == 0) return;
    {
      const std::lock_guard lock(mutex_);
      last_client_ = question.peer;
    }
    ++asked_;
    for (auto& answer : behaviour_(question.bytes, false)) {
      const platform::Packet packet{question.peer, answer};
      udp_.send_packets({&packet, 1});
    }
  }
  void on_tcp() {
    platform::Endpoint client;
    auto connection = tcp_.accept(client);
    if (!connection) return;
    std::size_t have = 0;
    for (int i = 0; i < 1000 && (have < 2 || have < 2u + read_u16(buffer_, 0)); ++i) {
      const auto piece = connection->receive(std::span(buffer_).subspan(have));
      if (piece.state == platform::Transfer::State::kClosed) return;
      if (piece.state == platform::Transfer::State::kWouldBlock) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      have += piece.size;
    }
    ++asked_;
    for (const auto& answer : behaviour_(ByteView(buffer_).subspan(2, have - 2), true)) {
      Bytes framed{static_cast<std::uint8_t>(answer.size() >> 8), static_cast<std::uint8_t>(answer.size())};
      framed.insert(framed.end(), answer.begin(), answer.end());
      (void)connection->send(framed);
    }
  }

  Behaviour behaviour_;
  platform::Socket udp_, tcp_;
  platform::Endpoint at_;
  std::unique_ptr<platform::Poller> poller_;
  std::atomic<bool> stopped_{false};
  std::atomic<int> asked_{0};
  std::mutex mutex_;
  platform::Endpoint last_client_;
  std::array<std::uint8_t, 65535> buffer_{};
  std::thread thread_;
};

}  // namespace caretaker::agent::test
