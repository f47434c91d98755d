// The part of a policy file about what users are told: [notice]. Pure; any thread.
#pragma once

#include "policy/policy_section.h"

namespace caretaker::policy {

[[nodiscard]] Notice read_notice(const Section& root);

}  // namespace caretaker::policy
