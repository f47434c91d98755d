#include "policy/category_names.h"

#include <algorithm>
#include <array>

namespace caretaker::policy {

bool is_category_name(std::string_view name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), allowed);
}

bool is_locked_category(std::string_view name) {
  constexpr std::array<std::string_view, 4> kLocked = {"illegal", "child_abuse", "csam", "terrorism_illegal"};
  return std::find(kLocked.begin(), kLocked.end(), name) != kLocked.end();
}

}  // namespace caretaker::policy
