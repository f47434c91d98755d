// How much two compiled sets differ. Pure; any thread.
#pragma once

#include <map>
#include <string>

#include "policy/set_file.h"

namespace caretaker::policy {

struct SetChange {
  std::uint64_t names = 0;                          // that stand in one set only, or in other categories
  std::map<std::string, std::uint64_t> categories;  // how many names came into each, or left it; those without any are left out
};
// Sets with different salts cannot be compared: every name of both counts, in every category. Walks both once.
[[nodiscard]] SetChange compare_sets(const SetView& before, const SetView& after);

}  // namespace caretaker::policy
