// The part of a policy file about connections whose names are read: [inspection]. Pure; any thread.
#pragma once

#include "policy/inspection_rules.h"
#include "policy/policy_section.h"

namespace caretaker::policy {

[[nodiscard]] InspectionRules read_inspection(const Section& root);

}  // namespace caretaker::policy
