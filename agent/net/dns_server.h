// The DNS service of caretaker-net: UDP and TCP (RFC 7766) on loopback, one thread, one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/filter.h"
#include "platform/base/result.h"
#include "platform/dns_host.h"
#include "platform/service_host.h"

namespace caretaker::agent {

struct DnsStatistics {
  std::uint64_t queries = 0;
  std::uint64_t blocked = 0;
  std::uint64_t rewritten = 0;
  std::uint64_t from_cache = 0;
  std::uint64_t asked_upstream = 0;
  std::uint64_t upstream_failures = 0;  // questions that no upstream answered
  std::uint64_t forged = 0;             // packets to our upstream sockets that answered something else
  std::uint64_t malformed = 0;
  std::uint64_t not_ready = 0;  // questions before the first filter
};

class DnsServer {
 public:
  // Listens on each address ("127.0.0.1:53", "[::1]:5353"), UDP and TCP; none may be a wildcard, because who asked is looked
  // up by the address that was asked. Port 0 takes a free one (see addresses()). Until set_filter() every question is
  // answered SERVFAIL. `sink` is called on the thread of run(); it must not block.
  [[nodiscard]] static Result<std::unique_ptr<DnsServer>> listen(const std::vector<std::string>& addresses,
                                                                 ViolationSink sink);
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  // Where the device's own page is (agent/net/dns_filter.h). Before run().
  void serve_page(const platform::Endpoint& page);
  // Called on the thread of run(), must not block (agent/net/dns_filter.h). Before run().
  void on_portal_question(std::function<void()> tell);
  // What to decide with from the next question on. Any thread.
  void set_filter(FilterPtr filter);

  // Serves until stop(), and tells `host` that the loop lives. Returns an error only when the loop itself cannot go on.
  [[nodiscard]] Status run(platform::ServiceHost& host);
  // Async-signal-safe; any thread; also before run().
  void stop();

  // Any thread.
  [[nodiscard]] DnsStatistics statistics() const;
  // Where it listens, with the ports that were taken.
  [[nodiscard]] const std::vector<std::string>& addresses() const;

 private:
  struct State;
  explicit DnsServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace caretaker::agent
