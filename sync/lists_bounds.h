// How much the key of the list publisher may change without a technician: by day and by month, of all names and of each category.
// PROTOCOL.md, "Bounds on change". Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sync/bundle.h"

namespace caretaker::sync {

// How many names came, went or moved, of all and of each category.
struct ListsChange {
  UnixSeconds taken = 0;
  Hash content{};  // of the lists that it made
  std::uint64_t names = 0;
  std::map<std::string, std::uint64_t> categories;
};

// What a device has taken, so far as it still counts.
struct ListsHistory {
  UnixSeconds taken = 0;             // when the lists in force were, or were confirmed; 0: nobody wrote that down
  std::vector<ListsChange> changes;  // by the publisher's key alone, of the last thirty days
};

inline constexpr std::uint64_t kSmallChange = 100;  // names of one category that may change in a day, however few it has

// What one key may change of `names` at once when the lists in force are `age` seconds old: 5 % for each day that has begun, 20 % for each
// thirty days, and after 150 days whatever there is, so that a device that was away so long needs nobody's help.
[[nodiscard]] std::uint64_t allowed_change(std::uint64_t names, std::int64_t age);

// The same by the counts of two manifests, which bound a change from below (B8, B9).
[[nodiscard]] Status check_lists_change(const ListsManifest& before, const ListsManifest& after, bool countersigned, std::int64_t age);

// A change that is measured, with everything of the same day and month before it. kPermissionDenied: that needs a technician's
// signature too; the message says of what it is too much, and begins with A4.
[[nodiscard]] Status judge_lists_change(const ListsHistory& history, const ListsManifest& before, const ListsChange& next);

// Times that lie ahead were written while the clock was wrong: from now on they are today's, and pass as days do.
[[nodiscard]] ListsHistory settled(ListsHistory history, UnixSeconds now);

// The history with `next` in it and without what counts no more; the same content again takes the place of its first try. A change
// that a technician signed too counts as none.
[[nodiscard]] ListsHistory with_change(const ListsHistory& history, ListsChange next, bool countersigned);

}  // namespace caretaker::sync
