// [exceptions] of the policy file. Pure; any thread.
#pragma once

#include <optional>

#include "policy/policy_section.h"

namespace caretaker::policy {

// nullopt: there is no such section, and nobody may open anything.
[[nodiscard]] std::optional<ExceptionRules> read_exceptions(const Section& root);

}  // namespace caretaker::policy
