// Whether the disk that a folder lies on is encrypted: what the kernel's device mapper says of it, not what it is called.
#pragma once

#include "platform/posture.h"

namespace caretaker::platform {

[[nodiscard]] DiskKeeping keeping_of_disk(const PostureSources& sources, const std::filesystem::path& folder);

}  // namespace caretaker::platform
