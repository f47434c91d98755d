// When a device talks to its server. DESIGN: first check-in spread over 0-120 s, then 15 min +-20 % drawn anew each time,
// full jitter after the cap on errors, Retry-After honoured, errors never poll faster. Pure; randomness is handed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace caretaker::sync {

inline constexpr std::int64_t kFirstSpreadMs = 120'000;
inline constexpr std::int64_t kMaxBackoffMs = 4 * 3600'000;

// `draw` is uniform in [0, 1).
[[nodiscard]] std::int64_t first_checkin_ms(double draw);
[[nodiscard]] std::int64_t next_checkin_ms(std::uint32_t interval_s, double draw);
// After `failures` (1, 2, ...) in a row; never below what next_checkin_ms could give at least.
[[nodiscard]] std::int64_t retry_ms(std::uint32_t interval_s, int failures, std::optional<int> retry_after_s, double draw);

// Held requests. The server answers "nothing new" after hold_ms, before a proxy's usual 300 s are over; after something new was
// published it wakes the devices within a second, each with a draw of its own.
inline constexpr std::int64_t kMaxHoldMs = 270'000;
[[nodiscard]] std::int64_t hold_ms(double draw);
[[nodiscard]] std::int64_t wake_ms(std::size_t waiting, double draw);
// The device, after `failures` (1, 2, ...) in a row: not before. So is a server looked for that nobody has reached since the start.
[[nodiscard]] std::int64_t hold_retry_ms(int failures, double draw);

// Of hints that there is something new. Nobody signs one, so they bring four check-ins at once, and then one a minute.
struct HintBudget {
  std::int64_t spent_until_ms = INT64_MIN / 2;
};
// In how many ms the check-in may be that this hint asks for. Counts it.
[[nodiscard]] std::int64_t take_hint(HintBudget& budget, std::int64_t now_ms);

}  // namespace caretaker::sync
