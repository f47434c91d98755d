// What a user of this device is told about it: the same words at log-in, in `caretaker status` and on the device's own page. Pure.
#pragma once

#include <string>

#include "policy/policy.h"

namespace caretaker::agent {

inline constexpr const char* kPageHost = "caretaker.internal";
inline constexpr const char* kPageUrl = "http://caretaker.internal/";

// Lines of at most 76 characters, with a line feed behind each. `notice` adds the school's own words.
[[nodiscard]] std::string make_notice(const std::string& school, const policy::Notice& notice);

}  // namespace caretaker::agent
