// The part of a policy file that says who may do what: [groups.NAME]. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/policy_section.h"

namespace caretaker::policy {

// The groups in the order of the file; complaints go to the section's report.
[[nodiscard]] std::vector<Group> read_groups(const Section& root);

// A name as a rule has it, normalised. Empty after a complaint that says how to write it.
[[nodiscard]] std::optional<std::string> read_rule_name(const Section& section, std::string_view key,
                                                        const TomlValue& value);

}  // namespace caretaker::policy
