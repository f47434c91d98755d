// What names people is kept for 90 days: after that the sealed part of an event goes, and the event's body and link stay, so
// that the book can still be verified from its beginning. One thread.
#pragma once

#include "sync/server/fleet_store.h"

namespace caretaker::server {

inline constexpr std::int64_t kKeepSealedSeconds = 90 * 86'400;

class Retention {
 public:
  // Now and then; does a little when something is due: once a day it goes through what is old, a few hundred rows at a time.
  // When it is next due, in ms.
  [[nodiscard]] std::int64_t work(FleetStore& store, const Clock& clock);

 private:
  MonotonicMs due_ = INT64_MIN;
  std::int64_t after_ = 0;   // the last row that today's sweep has seen
  std::int64_t gone_ = 0;    // in today's sweep
};

}  // namespace caretaker::server
