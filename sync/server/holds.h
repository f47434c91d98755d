// Devices that wait for news: one request of each, kept by the HTTP server under its ticket. PROTOCOL.md, "Held requests". Who
// asks has been verified before. One thread.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "platform/base/clock.h"
#include "sync/hold.h"

namespace caretaker::server {

class Holds {
 public:
  struct Ended {
    std::uint64_t ticket = 0;
    bool news = false;
  };

  // Keeps the request for sync::hold_ms. An older one of the same device ends; W3 when this is the older one.
  [[nodiscard]] Status add(const sync::Hold& hold, std::uint64_t ticket, MonotonicMs now);
  // The server has something new to give: for whoever waits with another mark than theirs now is, told within a second.
  void publish(const std::function<std::string(const sync::DeviceId&)>& mark_of, MonotonicMs now);
  // Those whose time has come, each once.
  [[nodiscard]] std::vector<Ended> take_ended(MonotonicMs now);
  [[nodiscard]] MonotonicMs next_end() const;  // 0: at once; INT64_MAX: nobody waits

 private:
  struct Waiting {
    std::uint64_t ticket = 0;
    MonotonicMs until = 0;
    UnixSeconds time = 0;
    std::string nonce;
    std::string mark;
    bool news = false;
  };
  void end_at(MonotonicMs until, const sync::DeviceId& device, Waiting& waiting);

  std::map<sync::DeviceId, Waiting> waiting_;
  std::set<std::pair<MonotonicMs, sync::DeviceId>> ends_;
  std::vector<Ended> replaced_;
};

}  // namespace caretaker::server
