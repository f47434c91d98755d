// What a new policy opens and closes compared with the one before: a change that opens anything wants two holders'
// signatures (DESIGN, section 2). Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace caretaker::policy {

struct PolicyChange {
  std::vector<std::string> opens;  // a line each, in plain words: "pupils: category gambling is no longer blocked"
  std::vector<std::string> closes;
};

// Compares what every person had with what they get: also by moving from one group to another, by a new order of
// groups, or by a group that is gone. When in doubt it opens: an own rule that changes counts even where another covers
// it. Recording less, and letting others read what is recorded, counts as opening. Both policies are usable ones.
[[nodiscard]] PolicyChange compare_policies(const Policy& before, const Policy& after);

// What it opens alone: empty, and one holder's signature is enough.
[[nodiscard]] inline std::vector<std::string> find_weakenings(const Policy& before, const Policy& after) {
  return compare_policies(before, after).opens;
}

}  // namespace caretaker::policy
