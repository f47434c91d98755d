// Whether a program that locks screens is running, for the desktops that do not tell logind.
#pragma once

#include <cstdint>

namespace caretaker::platform {

// A known locker of this user, or our own (physlock in its unit, which covers every console). Users' lockers go by the name that the
// kernel shows of a process, which a program can choose: somebody who wants to keep his own screen open can, as he can by telling
// logind that it is locked.
[[nodiscard]] bool has_running_locker(std::uint32_t uid);
// Our own alone.
[[nodiscard]] bool is_own_locker_running();

}  // namespace caretaker::platform
