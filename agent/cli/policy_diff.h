// What a change of the policy opens and closes, in plain words.
#pragma once

#include <string>

#include "policy/policy.h"

namespace caretaker::agent {

[[nodiscard]] std::string describe_change(const policy::Policy& before, const policy::Policy& after);

}  // namespace caretaker::agent
