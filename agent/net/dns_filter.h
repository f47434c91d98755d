// From a question to its answer: who asked, what the policy says, what the upstream knows. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "agent/askers.h"
#include "agent/net/dns_answer.h"
#include "agent/net/dns_cache.h"
#include "agent/net/dns_routes.h"
#include "agent/net/dns_upstream.h"
#include "agent/violation_log.h"

namespace caretaker::agent {

// Counted on the filter's thread, read on any.
struct DnsCounters {
  using Count = std::atomic<std::uint64_t>;
  Count queries{0}, blocked{0}, rewritten{0}, from_cache{0}, asked_upstream{0}, upstream_failures{0}, forged{0}, malformed{0},
      not_ready{0};
};
inline void count(DnsCounters::Count& counter) { counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

// Where a question came from and its answer goes.
struct DnsClient {
  Transport transport = Transport::kUdp;
  std::uint32_t place = 0;  // number of the listener (UDP) or of the connection (TCP)
  platform::Endpoint address;  // over UDP
  platform::SocketOwners::Owner owner;
};

class DnsFilter {
 public:
  DnsFilter(platform::Poller& poller, std::vector<platform::Endpoint> own, ViolationSink sink, DnsCounters& counters);

  // Where the device's own page is: kPageHost is answered with it, whatever the policy says, and without one too.
  void serve_page(const platform::Endpoint& page) { page_ = page; }

  // Called when a program asks whether somebody stands between it and the internet: it has come into a network, or finds nothing.
  void on_portal_question(std::function<void()> tell) { tell_portal_question_ = std::move(tell); }

  // What to decide with from the next question on. Those that wait for an upstream are answered by what they came under.
  void use(FilterPtr filter);

  enum class Outcome {
    kAnswered,  // the answer is in the writer
    kWaiting,   // it comes from on_ready() or on_time()
    kIgnored,   // there is none
  };
  [[nodiscard]] Outcome on_query(ByteView message, const DnsClient& client, MonotonicMs now, DnsWriter& out);

  // A question that waits, and an upstream's answer with everybody who waits for it.
  struct Waiting {
    DnsClient client;
    DnsQuery query;
    AskerPtr asker;
    policy::DnsDecision decision;
    DnsName asked_name;  // what is asked upstream: the question's own name, or the safe one in its place
  };
  struct Finished {
    std::vector<Waiting> waiting;
    Bytes message;  // as clean_answer() wrote it; empty: nobody answered
  };
  [[nodiscard]] std::vector<Finished> on_ready(const platform::Poller::Event& event, MonotonicMs now);
  [[nodiscard]] std::vector<Finished> on_time(MonotonicMs now);
  [[nodiscard]] std::optional<MonotonicMs> next_deadline() const { return upstream_.next_deadline(); }
  void write_answer(const Waiting& waiting, const Bytes& message, MonotonicMs now, DnsWriter& out);

 private:
  struct Pending {
    std::uint64_t generation = 0;
    DnsKey key;
    std::vector<Waiting> waiting;
  };
  void look_again_in_time(MonotonicMs now);
  [[nodiscard]] Outcome decide_and_answer(const DnsClient& client, const DnsQuery& query, MonotonicMs now, DnsWriter& out);
  [[nodiscard]] Outcome answer_from_cache_or_ask(Waiting waiting, MonotonicMs now, DnsWriter& out);
  [[nodiscard]] Outcome ask(Waiting waiting, const DnsKey& key, const DnsQuestion& question, const DnsRoute& route,
                            MonotonicMs now, DnsWriter& out);
  [[nodiscard]] std::vector<Finished> take(DnsUpstream::Answer answer, MonotonicMs now);

  [[nodiscard]] bool is_for_page(const DnsQuery& query) const;
  void write_page(const DnsQuery& query, std::size_t limit, DnsWriter& out) const;
  void write_blocked(const DnsQuery& query, const Asker& asker, const policy::DnsDecision& decision, std::size_t limit,
                     DnsWriter& out);
  void write_checked(const Waiting& waiting, ByteView clean, std::uint32_t age, MonotonicMs now, DnsWriter& out);
  void write_failure(const Waiting& waiting, DnsWriter& out);
  [[nodiscard]] std::string_view explain(const policy::DnsDecision& decision);

  DnsCounters& counters_;
  Askers askers_;
  DnsRoutes routes_;
  DnsUpstream upstream_;
  DnsCache cache_;
  ViolationLog violations_;
  std::optional<platform::Endpoint> page_;
  std::function<void()> tell_portal_question_;
  FilterPtr filter_;
  MonotonicMs next_set_look_ = 0;
  std::uint64_t generation_ = 0;
  std::size_t waiting_count_ = 0;
  std::unordered_map<DnsUpstream::Ticket, Pending> pending_;
  std::string explanation_;
};

// The decision that forbids what an upstream's answer leads to: an alias, or another owner, that is blocked (CNAME
// cloaking); an address far away, of a name that is open as a portal's alone. nullopt: nothing does.
[[nodiscard]] std::optional<policy::DnsDecision> blocked_on_the_way(const Asker& asker, const policy::DnsDecision& asked,
                                                                    const DnsName& asked_name, ByteView clean);

}  // namespace caretaker::agent
