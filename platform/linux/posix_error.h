// errno as an Error: one table for every file in this folder.
#pragma once

#include <cerrno>
#include <string>

#include "platform/base/result.h"

namespace caretaker::platform {

// `number` is an errno; `what` says what was tried ("open /var/lib/caretaker/root.json").
[[nodiscard]] Error posix_error(int number, const std::string& what);

}  // namespace caretaker::platform
