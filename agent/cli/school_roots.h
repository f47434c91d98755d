// All of a school's roots, for what was signed in the time of an earlier one: who signed a lock may have left since.
#pragma once

#include <vector>

#include "agent/cli/school_folder.h"

namespace caretaker::agent {

// From the first on, verified again; the last is school.root.
[[nodiscard]] Result<std::vector<sync::VerifiedRoot>> open_roots(const School& school);

}  // namespace caretaker::agent
