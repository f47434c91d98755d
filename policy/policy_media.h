// The parts of a policy file about removable media: [groups.NAME.media] and [[media.allow]]. Pure; any thread.
#pragma once

#include <vector>

#include "policy/policy_section.h"

namespace caretaker::policy {

// Of a group's section; the strictest where it says nothing.
[[nodiscard]] PlainMedia read_plain_media(const Section& group);
// Of the whole file.
[[nodiscard]] std::vector<AllowedMedium> read_allowed_media(const Section& root);

}  // namespace caretaker::policy
