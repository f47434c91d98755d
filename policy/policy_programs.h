// The part of a policy file about programs that users bring: programs = { downloads = "deny" } in a group. Pure; any thread.
#pragma once

#include "policy/policy_section.h"

namespace caretaker::policy {

[[nodiscard]] Downloads read_downloads(const Section& group);

}  // namespace caretaker::policy
