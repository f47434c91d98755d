// How much two compiled sets differ. Pure; any thread.
#pragma once

#include "policy/set_file.h"

namespace caretaker::policy {

// Names that stand in one set only, or in other categories. Sets with different salts cannot be compared: every name of both
// counts. Walks both once.
[[nodiscard]] std::uint64_t changed_names(const SetView& before, const SetView& after);

}  // namespace caretaker::policy
