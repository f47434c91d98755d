// What a teacher may open for a lesson, as the policy says. Values only; the decisions are in exceptions.h.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace caretaker::policy {

struct ExceptionRules {
  std::set<std::string, std::less<>> opened_for;  // groups of the policy, or of the operating system
  std::set<std::string, std::less<>> categories;  // that may be opened; every other stays closed
  bool youtube = false;          // where it is blocked, in its strict mode
  std::int64_t from_minute = 0;  // of the day by the machine's own clock; a lesson lies between the two
  std::int64_t to_minute = 0;
  std::int64_t max_minutes = 60;
  bool operator==(const ExceptionRules&) const = default;
};

}  // namespace caretaker::policy
