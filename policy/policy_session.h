// The parts of a policy file about sessions: [groups.NAME.idle_lock], [groups.NAME.power_off] and [suspended]. Pure; any thread.
#pragma once

#include "policy/policy_section.h"
#include "policy/session_rules.h"

namespace caretaker::policy {

[[nodiscard]] IdleLock read_idle_lock(const Section& group);
[[nodiscard]] std::optional<PowerOff> read_power_off(const Section& group);
// "21:30" as minutes since midnight.
[[nodiscard]] std::optional<std::int64_t> parse_time_of_day(std::string_view text);
[[nodiscard]] Suspensions read_suspensions(const Section& root);

}  // namespace caretaker::policy
