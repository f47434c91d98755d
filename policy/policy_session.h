// The parts of a policy file about sessions: [groups.NAME.idle_lock], [groups.NAME.power_off] and [suspended]. Pure; any thread.
#pragma once

#include "policy/policy_section.h"
#include "policy/session_rules.h"

namespace caretaker::policy {

[[nodiscard]] IdleLock read_idle_lock(const Section& group);
[[nodiscard]] std::optional<PowerOff> read_power_off(const Section& group);
[[nodiscard]] Suspensions read_suspensions(const Section& root);

}  // namespace caretaker::policy
