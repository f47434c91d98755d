// The groups of events that the book has already, the newest thousand or so: one that is told again is not stored again. In memory beside
// its rows (event_rows.h), because an index over ids that lie anywhere costs each append as many pages as the event itself. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>

namespace caretaker::agent {

// Names a group of events, so that the group is stored once however often it is sent.
using GroupId = std::array<std::uint8_t, 16>;

class ToldGroups {
 public:
  static constexpr std::int64_t kKept = 1024;

  [[nodiscard]] bool contains(const GroupId& group) const { return std::ranges::find(groups_, group) != groups_.end(); }
  [[nodiscard]] std::int64_t next() const { return next_; }  // the number of the one that comes next
  void add(const GroupId& group) { add(next_, group); }
  // As it was numbered.
  void add(std::int64_t number, const GroupId& group) {
    next_ = number + 1;
    groups_.push_back(group);
    if (std::ssize(groups_) > kKept) groups_.pop_front();
  }

 private:
  std::deque<GroupId> groups_;  // oldest first
  std::int64_t next_ = 0;
};

}  // namespace caretaker::agent
