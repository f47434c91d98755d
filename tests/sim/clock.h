// One true time for the whole world, and the clocks that show it, rightly or not.
#pragma once

#include "platform/base/clock.h"

namespace caretaker::sim {

struct Time {
  MonotonicMs ms = 0;
};

class SimClock final : public Clock {
 public:
  SimClock(const Time& time, UnixSeconds start) : time_(time), offset_(start) {}
  [[nodiscard]] UnixSeconds now() const override { return offset_ + time_.ms / 1000; }
  [[nodiscard]] MonotonicMs monotonic_ms() const override { return time_.ms - booted_; }
  void jump(UnixSeconds seconds) { offset_ += seconds; }
  void set_offset(UnixSeconds offset) { offset_ = offset; }
  void boot() { booted_ = time_.ms; }

 private:
  const Time& time_;
  UnixSeconds offset_;
  MonotonicMs booted_ = 0;
};

}  // namespace caretaker::sim
