// Volumes that were too slow to be looked at, and when each is to be looked at again: what made them slow, a copy or a busy machine, is over
// some time, and until then nobody new can read them. Later and later, for others wait behind one that hangs. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "platform/volumes.h"

namespace caretaker::agent {

class SecondLooks {
 public:
  static constexpr MonotonicMs kFirstPauseMs = 60'000;
  static constexpr MonotonicMs kLongestPauseMs = 16 * kFirstPauseMs;

  // What was seen of it; `gave_up`: nothing, in the time that it had.
  void note(const platform::VolumeChange& change, bool gave_up, MonotonicMs now);
  // Those that are due; each is named once, until it is noted again.
  [[nodiscard]] std::vector<std::filesystem::path> take_due(MonotonicMs now);
  // Until the next one is due; -1: none ever is.
  [[nodiscard]] int left_ms(MonotonicMs now) const;

 private:
  struct Slow {
    std::filesystem::path node;
    MonotonicMs pause = 0;
    MonotonicMs due = 0;
  };
  std::map<std::string, Slow> slow_;  // by the volume's id
};

}  // namespace caretaker::agent
