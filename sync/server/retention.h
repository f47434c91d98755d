// What names people is kept for 90 days: after that the sealed part of an event goes, and the event's body and link stay, so
// that the book can still be verified from its beginning. One thread.
//
// A clock that stands wrong for a while must delete nothing early: neither its time nor the time that it wrote beside an event
// is believed. The days are counted instead, and each remembers which events had come by then.
#pragma once

#include "sync/server/fleet_store.h"

namespace caretaker::server {

inline constexpr std::int64_t kKeepSealedSeconds = 90 * 86'400;

// The next day after `last`. What the clock went on since counts, but nothing where it went back, and a week at most: a school's
// server that was off for longer keeps longer, and one whose clock jumps years ahead deletes a week early.
[[nodiscard]] RetentionDay decide_retention_day(const std::optional<RetentionDay>& last, UnixSeconds clock);

class Retention {
 public:
  // Now and then; does a little when something is due: once a day it goes through what is old, a few hundred rows at a time,
  // the first time a minute after the first call. When it is next due, in ms.
  [[nodiscard]] std::int64_t work(FleetStore& store, const Clock& clock);

 private:
  std::optional<MonotonicMs> due_;
  std::optional<std::int64_t> sweep_;  // being deleted today: up to this event
};

}  // namespace caretaker::server
