// Hands violations on, but one blocked page only once: a browser asks for A, AAAA and HTTPS, and asks again. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/askers.h"

namespace caretaker::agent {

class ViolationLog {
 public:
  explicit ViolationLog(ViolationSink sink) : sink_(std::move(sink)) {}
  // `name` is the whole name that was asked for; only its registrable part goes on. Where that has bytes that no name is written with, as
  // under a public suffix, what stands behind them goes on, or "invalid" (RFC 6761) where nothing does: what the guard refuses is lost.
  void note(const Asker& asker, const policy::DnsDecision& decision, std::string_view name, UnixSeconds time,
            MonotonicMs now);

 private:
  // Remembers for a burst's length; true when it was new.
  [[nodiscard]] bool is_first(const Asker& asker, const policy::DnsDecision& decision, std::string_view name,
                              MonotonicMs now);
  struct Seen {
    std::uint64_t hash = 0;
    MonotonicMs until = 0;
  };
  ViolationSink sink_;
  std::array<Seen, 1024> seen_{};  // by hash; a collision only means that a burst is told once more
};

}  // namespace caretaker::agent
