// The only place that reads a clock. Everything else is handed a Clock or a time.
#pragma once

#include <cstdint>
#include <string>

#include "platform/base/result.h"

namespace caretaker {

// Seconds since 1970-01-01T00:00:00Z, as the wall clock (which may be wrong) says.
using UnixSeconds = std::int64_t;
// Milliseconds since some fixed point in the past; never goes back, counts suspended time (CLOCK_BOOTTIME).
using MonotonicMs = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual UnixSeconds now() const = 0;
  [[nodiscard]] virtual MonotonicMs monotonic_ms() const = 0;
};

// The next moment that is a multiple of `every`. Those who look now and then look when the others do: an idle machine wakes once for all.
[[nodiscard]] inline MonotonicMs next_together(MonotonicMs now, MonotonicMs every) { return (now / every + 1) * every; }

// The machine's own clock. Any thread.
[[nodiscard]] const Clock& system_clock();

// Seconds since midnight, 0 to 86399, in the machine's own time zone. Any thread.
[[nodiscard]] std::int64_t local_second_of_day(UnixSeconds time);

// RFC 3339 in UTC with whole seconds: "2026-11-23T16:17:00Z". Parsing takes that form only.
[[nodiscard]] std::string to_rfc3339(UnixSeconds time);
[[nodiscard]] Result<UnixSeconds> parse_rfc3339(std::string_view text);

}  // namespace caretaker
