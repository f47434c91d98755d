// How often something may happen that somebody else causes: a few times at once, and then one more in each stretch of time. One thread.
#pragma once

#include <algorithm>

#include "platform/base/clock.h"

namespace caretaker::agent {

class Allowance {
 public:
  Allowance(std::int64_t most, MonotonicMs each, MonotonicMs now) : most_(most), each_(each), left_(most), counted_(now) {}

  // Whether it may; then it counts as done.
  [[nodiscard]] bool take(MonotonicMs now) {
    const std::int64_t come = std::max<MonotonicMs>(0, now - counted_) / each_;
    left_ = std::min(most_, left_ + come);
    counted_ = left_ == most_ ? now : counted_ + come * each_;
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  std::int64_t most_;
  MonotonicMs each_;
  std::int64_t left_;
  MonotonicMs counted_;
};

}  // namespace caretaker::agent
