#include "agent/guard/second_looks.h"

#include <algorithm>

namespace caretaker::agent {

void SecondLooks::note(const platform::VolumeChange& change, bool gave_up, MonotonicMs now) {
  if (!gave_up) {
    slow_.erase(change.volume.id);
    return;
  }
  Slow& slow = slow_[change.volume.id];
  slow.node = change.volume.node;
  slow.pause = std::clamp(slow.pause * 2, kFirstPauseMs, kLongestPauseMs);
  slow.due = now + slow.pause;
}

std::vector<std::filesystem::path> SecondLooks::take_due(MonotonicMs now) {
  std::vector<std::filesystem::path> out;
  for (auto& [id, slow] : slow_) {
    if (slow.due > now) continue;
    out.push_back(slow.node);
    slow.due = INT64_MAX;
  }
  return out;
}

int SecondLooks::left_ms(MonotonicMs now) const {
  MonotonicMs first = INT64_MAX;
  for (const auto& [id, slow] : slow_) first = std::min(first, slow.due);
  return first == INT64_MAX ? -1 : static_cast<int>(std::max<MonotonicMs>(first - now, 0));
}

}  // namespace caretaker::agent
