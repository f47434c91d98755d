#include "sync/server/retention.h"

#include <algorithm>

#include "platform/base/log.h"

namespace caretaker::server {
namespace {

constexpr int kRowsAtOnce = 200;          // a few ms, in which nobody else is answered
constexpr MonotonicMs kPauseMs = 50;      // and then it is everybody else's turn
constexpr MonotonicMs kAfterStartMs = 60'000;
constexpr MonotonicMs kDayMs = 86'400'000;
constexpr std::int64_t kWeekSeconds = 7 * 86'400;

// Up to which event today's sweep goes.
Result<std::int64_t> begin_day(FleetStore& store, UnixSeconds clock) {
  TRY(last, store.last_day());
  const RetentionDay day = decide_retention_day(last, clock);
  TRY_DONE(store.add_day(day));
  return store.last_event_of(day.counted_s - kKeepSealedSeconds);
}

}  // namespace

RetentionDay decide_retention_day(const std::optional<RetentionDay>& last, UnixSeconds clock) {
  if (!last) return {0, clock};
  return {last->counted_s + std::clamp<std::int64_t>(clock - last->clock, 0, kWeekSeconds), clock};
}

std::int64_t Retention::work(FleetStore& store, const Clock& clock) {
  const MonotonicMs now = clock.monotonic_ms();
  if (!due_) due_ = now + kAfterStartMs;
  if (now < *due_) return *due_ - now;
  const auto sweep = sweep_ ? Result<std::int64_t>(*sweep_) : begin_day(store, clock.now());
  const auto more = sweep ? store.forget_sealed(*sweep, kRowsAtOnce) : Result<bool>(sweep.error());
  if (!more) log_error("retention", more.error().message);
  sweep_ = more && *more ? std::optional(*sweep) : std::nullopt;
  due_ = now + (sweep_ ? kPauseMs : kDayMs);
  return *due_ - now;
}

}  // namespace caretaker::server
