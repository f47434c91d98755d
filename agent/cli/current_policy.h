// The policy that is in force on the school's server.
#pragma once

#include <optional>

#include "agent/cli/staff_client.h"
#include "policy/policy.h"
#include "sync/bundle.h"

namespace caretaker::agent {

struct CurrentPolicy {
  std::int64_t version = 0;
  policy::Policy rules;
};
// Verified by the school's root; expired or not. nullopt: none has been published yet.
[[nodiscard]] Result<std::optional<CurrentPolicy>> fetch_current_policy(StaffClient& client, const School& school, const Clock& clock);

}  // namespace caretaker::agent
