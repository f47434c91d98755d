// When a device talks to its server. DESIGN: first check-in spread over 0-120 s, then 15 min +-20 % drawn anew each time,
// full jitter after the cap on errors, Retry-After honoured, errors never poll faster. Pure; randomness is handed in.
#pragma once

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

}  // namespace caretaker::sync
