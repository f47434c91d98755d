// The powers of the system's own that a process was started with. Port: capabilities(7) on Linux.
#pragma once

#include "platform/base/result.h"

namespace caretaker::platform {

enum class KeepPowers { kNone, kLowPorts };  // low ports: to listen below 1024
// All but these, for good, and those that programs started from here would get. Of this thread, and of those that it starts from then on.
[[nodiscard]] Status give_up_powers(KeepPowers keep = KeepPowers::kNone);

}  // namespace caretaker::platform
