// How many files and sockets this process may have open.
#pragma once

#include "platform/base/result.h"

namespace caretaker::platform {

// Raises the limit where it is lower. kPermissionDenied: the system's administrator has set it lower (systemd: LimitNOFILE).
[[nodiscard]] Status allow_open_files(unsigned count);

}  // namespace caretaker::platform
