#include "sync/server/retention.h"

#include "platform/base/log.h"

namespace caretaker::server {
namespace {

constexpr int kRowsAtOnce = 200;          // a few ms, in which nobody else is answered
constexpr MonotonicMs kPauseMs = 50;      // and then it is everybody else's turn
constexpr MonotonicMs kDayMs = 86'400'000;

}  // namespace

std::int64_t Retention::work(FleetStore& store, const Clock& clock) {
  const MonotonicMs now = clock.monotonic_ms();
  if (now < due_) return due_ - now;
  const auto swept = store.forget_sealed(after_, clock.now() - kKeepSealedSeconds, kRowsAtOnce);
  if (!swept) log_error("retention", swept.error().message);
  // Rows are in the order in which they came: behind a piece in which none is old, none is.
  const bool more = swept && swept->gone > 0;
  if (more) {
    after_ = swept->last;
    gone_ += swept->gone;
  } else {
    if (gone_ > 0) log_info("retention", std::to_string(gone_) + " sealed parts older than 90 days are deleted");
    after_ = gone_ = 0;
  }
  due_ = now + (more ? kPauseMs : kDayMs);
  return due_ - now;
}

}  // namespace caretaker::server
