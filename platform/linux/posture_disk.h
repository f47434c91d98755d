// Whether the disk that a folder lies on is encrypted: what the kernel's device mapper says of it, not what it is called.
#pragma once

#include "platform/posture.h"

namespace caretaker::platform {

[[nodiscard]] DiskKeeping keeping_of_disk(const PostureSources& sources, const std::filesystem::path& folder);
// The worst of what is mounted where people's and services' files lie (/home and below, /var, /tmp, /srv, ...). What has no disk of its own here
// is not counted.
[[nodiscard]] DiskKeeping keeping_of_places(const PostureSources& sources);

}  // namespace caretaker::platform
