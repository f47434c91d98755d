// Questions on their way to upstreams: several servers with failover and health, retries, TCP where UDP does not do, one
// exchange for all who ask the same at the same time. One thread, that of the poller.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/net/dns_cache.h"
#include "agent/net/dns_exchange.h"
#include "platform/base/clock.h"

namespace caretaker::agent {

using Servers = std::shared_ptr<const std::vector<platform::Endpoint>>;  // in the order of preference

class DnsUpstream {
 public:
  using Ticket = std::uint64_t;
  // Tokens of the poller at and above this are ours.
  static constexpr std::uint64_t kFirstToken = 1ull << 62;

  explicit DnsUpstream(platform::Poller& poller) : poller_(poller) {}

  // What came of a ticket: a message as clean_answer() writes it, or nothing when no server gave one in time.
  struct Answer {
    Ticket ticket = 0;
    Bytes message;
    CleanAnswer facts{rcode::kServFail, 0};
  };

  // Begins to ask, or joins the same question (same key) that is on its way: then the ticket is that one's. The answer comes
  // from on_ready() or on_time(). kFull when too many are on their way.
  [[nodiscard]] Result<Ticket> ask(const DnsKey& key, const DnsQuestion& question, bool dnssec_ok, bool checking_disabled,
                                   const Servers& servers, MonotonicMs now);
  [[nodiscard]] std::optional<Answer> on_ready(const platform::Poller::Event& event, MonotonicMs now);
  [[nodiscard]] std::vector<Answer> on_time(MonotonicMs now);
  // When on_time() is due; nullopt while nothing is on its way.
  [[nodiscard]] std::optional<MonotonicMs> next_deadline() const;
  [[nodiscard]] std::uint64_t forged() const { return forged_; }

 private:
  struct Health {
    unsigned failures = 0;  // in a row
    MonotonicMs bad_until = 0;
    MonotonicMs plain_until = 0;       // no EDNS
    MonotonicMs levelled_until = 0;    // no mixed case
  };
  struct Asked {
    std::string key;
    DnsQuestion question;
    bool dnssec_ok = false;
    bool checking_disabled = false;
    Servers servers;
    std::optional<DnsExchange> exchange;
    std::vector<bool> tried;  // by server, in this round
    unsigned attempts = 0;
    bool case_was_changed = false;  // by the server of the exchange, over UDP
    MonotonicMs deadline = 0;
    MonotonicMs give_up = 0;
    std::optional<Answer> unhappy;  // SERVFAIL, REFUSED and the like: only when nobody knows better
  };
  using Table = std::unordered_map<Ticket, Asked>;

  [[nodiscard]] const platform::Endpoint& choose(Asked& asked, MonotonicMs now);
  [[nodiscard]] Health& health(const platform::Endpoint& server);
  [[nodiscard]] ExchangeOptions options_for(const Asked& asked, const platform::Endpoint& server, Transport transport,
                                            MonotonicMs now);
  // Each sends the question once more, if it may be; false when its time or its tries are used up.
  [[nodiscard]] bool try_next(Ticket ticket, Asked& asked, MonotonicMs now);
  [[nodiscard]] bool try_server(Ticket ticket, Asked& asked, const platform::Endpoint& server, Transport transport,
                                MonotonicMs now);
  void note_failure(Asked& asked, MonotonicMs now);
  void note_success(const Asked& asked);
  [[nodiscard]] std::optional<Answer> on_answer(Ticket ticket, Asked& asked, MonotonicMs now);
  [[nodiscard]] std::optional<Answer> on_state(Ticket ticket, Asked& asked, DnsExchange::State state, MonotonicMs now);
  [[nodiscard]] std::optional<Answer> go_on(Ticket ticket, Asked& asked, bool is_asked_again);
  [[nodiscard]] Answer finish(Ticket ticket, Answer answer);

  platform::Poller& poller_;
  Ticket last_ticket_ = 0;
  Table asked_;
  std::unordered_map<std::string, Ticket, ViewHash, std::equal_to<>> by_key_;
  std::vector<std::pair<platform::Endpoint, Health>> health_;
  MonotonicMs earliest_ = 0;  // no deadline is before this
  std::uint64_t forged_ = 0;
  std::array<std::uint8_t, kMaxMessage> received_;
  std::array<std::uint8_t, kMaxMessage> clean_;
};

}  // namespace caretaker::agent
