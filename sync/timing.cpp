#include "sync/timing.h"

#include <algorithm>

namespace caretaker::sync {
namespace {

constexpr std::int64_t kLeastHoldMs = 210'000;
constexpr std::int64_t kWakeMs = 1000;
constexpr std::int64_t kHoldRetryMs = 15'000;
constexpr std::int64_t kMaxHoldRetryMs = 900'000;
constexpr std::int64_t kHintMs = 60'000;
constexpr std::int64_t kHintsAtOnce = 4;
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

std::int64_t hold_ms(double draw) { return between(kLeastHoldMs, kMaxHoldMs, draw); }

// One device hears at once, a thousand and more over the whole second.
std::int64_t wake_ms(std::size_t waiting, double draw) {
  return between(0, std::min<std::int64_t>(kWakeMs, static_cast<std::int64_t>(waiting)), draw);
}

std::int64_t hold_retry_ms(int failures, double draw) {
  return between(kHoldRetryMs, std::min(kHoldRetryMs << std::clamp(failures, 1, 20), kMaxHoldRetryMs), draw);
}

std::int64_t take_hint(HintBudget& budget, std::int64_t now_ms) {
  const std::int64_t free_from = budget.spent_until_ms - (kHintsAtOnce - 1) * kHintMs;
  budget.spent_until_ms = std::max(budget.spent_until_ms, now_ms) + kHintMs;
  return std::max<std::int64_t>(0, free_from - now_ms);
}

}  // namespace caretaker::sync
