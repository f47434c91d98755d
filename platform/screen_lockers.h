// Whether a program that locks screens is running, for the desktops that do not tell logind.
#pragma once

#include <filesystem>

#include "platform/sessions.h"

namespace caretaker::platform {

// By a known locker of this session. Users' lockers go by the name that the kernel shows of a process, which a program can choose: somebody
// who wants to keep his own screen open can, as he can by telling logind that it is locked. One that the user's service manager runs belongs
// to no session: it counts for the desktops of that user. `processes`: /proc, or what a test lays there.
[[nodiscard]] bool is_covered_by_locker(const Session& session, const std::filesystem::path& processes = "/proc");
// physlock in its unit, with its console in front: one that runs may still wait for that, and whoever has the console in front can let it wait
// (console_ioctl(4), KD_GRAPHICS). Whom it covers then: every console and desktop of the main seat, and no other. `front`: the file in which the
// kernel names the console in front.
[[nodiscard]] bool is_own_locker_in_front(const std::filesystem::path& processes = "/proc",
                                          const std::filesystem::path& front = "/sys/class/tty/tty0/active");
[[nodiscard]] inline bool is_own_lockers(const Session& session) { return session.kind != Session::Kind::kRemote && session.seat == kMainSeat; }

}  // namespace caretaker::platform
