// The powers of the system's own that a process was started with. Port: capabilities(7) on Linux.
#pragma once

#include "platform/base/result.h"

namespace caretaker::platform {

// All of them, for good, and those that programs started from here would get. Before other threads: each has its own.
[[nodiscard]] Status give_up_powers();

}  // namespace caretaker::platform
