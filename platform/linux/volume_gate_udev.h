// The gate towards everybody but root: udev's rules run again with our verdict as an argument.
#pragma once

#include "platform/volumes.h"

namespace caretaker::platform {

// Writes a "change" with our word to the device's uevent file; installer/udev/72-caretaker-media.rules does the rest, the kernel's write
// protection included.
[[nodiscard]] Status tell_udev(const std::filesystem::path& root, const Volume& volume, VolumeAccess access);

}  // namespace caretaker::platform
