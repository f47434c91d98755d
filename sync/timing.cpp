#include "sync/timing.h"

#include <algorithm>

namespace caretaker::sync {
namespace {

constexpr int kMaxRetryAfter = 86'400;  // a server cannot send a device away for longer than a day

std::int64_t between(std::int64_t least, std::int64_t most, double draw) {
  return least + static_cast<std::int64_t>(static_cast<double>(most - least) * draw);
}

}  // namespace

std::int64_t first_checkin_ms(double draw) { return between(0, kFirstSpreadMs, draw); }

std::int64_t next_checkin_ms(std::uint32_t interval_s, double draw) {
  return between(interval_s * 800ll, interval_s * 1200ll, draw);
}

std::int64_t retry_ms(std::uint32_t interval_s, int failures, std::optional<int> retry_after_s, double draw) {
  const std::int64_t asked = 1000ll * std::clamp(retry_after_s.value_or(0), 0, kMaxRetryAfter);
  const std::int64_t least = std::max<std::int64_t>(next_checkin_ms(interval_s, 0), asked);
  const std::int64_t doubled = (interval_s * 1000ll) << std::clamp(failures, 1, 20);
  // Whoever was told the same Retry-After must not come back in the same second.
  const std::int64_t most = std::max<std::int64_t>(std::min(doubled, kMaxBackoffMs), least + interval_s * 400ll);
  return between(least, most, draw);
}

}  // namespace caretaker::sync
