// The parts of a policy file about what people read on a device: [notice], and [lost] on one that was lost. Pure; any thread.
#pragma once

#include "policy/policy_section.h"

namespace caretaker::policy {

[[nodiscard]] Notice read_notice(const Section& root);
[[nodiscard]] LostWords read_lost_words(const Section& root);

}  // namespace caretaker::policy
