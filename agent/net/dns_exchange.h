// One question put to one upstream once, over its own socket, and what comes back judged. One thread.
#pragma once

#include <cstdint>

#include "agent/net/dns_answer.h"
#include "platform/base/result.h"
#include "platform/sockets.h"

namespace caretaker::agent {

struct ExchangeOptions {
  Transport transport = Transport::kUdp;
  bool dnssec_ok = false;
  bool checking_disabled = false;
  bool edns = true;
  bool mixed_case = true;  // letters in random case, which a forger must guess too (draft-vixie-dnsext-dns0x20)
};

// A forger off the path has to hit a random port, a random id and the case of every letter; each answer that misses is
// counted, and too many of them end the exchange.
class DnsExchange {
 public:
  enum class State {
    kWaiting,
    kAnswered,     // see answer()
    kTruncated,    // ask again over TCP
    kCaseChanged,  // all but the case fits: a server that levels it, or a forger; TCP tells which
    kAttacked,     // many answers that are none: ask again over TCP
    kNoEdns,       // the server does not understand EDNS: ask again without
    kFailed,       // unreachable or talking nonsense
  };
  [[nodiscard]] static Result<DnsExchange> begin(const platform::Endpoint& server, const DnsQuestion& question,
                                                 const ExchangeOptions& options);

  // To be called when the socket is ready. `buffer` receives what came.
  [[nodiscard]] State on_ready(const platform::Poller::Event& event, std::span<std::uint8_t> buffer);
  // Of kAnswered: the message, within the buffer that on_ready() was given.
  [[nodiscard]] std::span<std::uint8_t> answer() const { return answer_; }
  [[nodiscard]] const platform::Socket& socket() const { return socket_; }
  [[nodiscard]] const platform::Endpoint& server() const { return server_; }
  [[nodiscard]] const ExchangeOptions& options() const { return options_; }
  [[nodiscard]] bool wants_to_write() const { return written_ < query_.size(); }
  [[nodiscard]] std::uint32_t forged() const { return forged_; }

 private:
  DnsExchange(const platform::Endpoint& server, platform::Socket socket, const ExchangeOptions& options)
      : server_(server), socket_(std::move(socket)), options_(options) {}
  void make_query(const DnsQuestion& question);
  [[nodiscard]] State judge(std::span<std::uint8_t> message);
  [[nodiscard]] State count_forged();
  [[nodiscard]] State on_udp(std::span<std::uint8_t> buffer);
  [[nodiscard]] State on_tcp(const platform::Poller::Event& event, std::span<std::uint8_t> buffer);
  [[nodiscard]] ByteView message_sent() const;

  platform::Endpoint server_;
  platform::Socket socket_;
  ExchangeOptions options_;
  Bytes query_;  // as it goes out, over TCP with its length in front
  std::size_t question_size_ = 0;
  std::size_t written_ = 0;
  Bytes received_;  // over TCP, until it is whole
  std::span<std::uint8_t> answer_;
  std::uint32_t forged_ = 0;
};

}  // namespace caretaker::agent
