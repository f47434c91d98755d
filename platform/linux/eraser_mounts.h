// The mount table, as the eraser needs it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.h"

namespace caretaker::platform {

struct MountEntry {
  std::string device;  // "254:0"
  std::string point;   // with the kernel's escapes undone
  std::string type;    // "ext4", "fuse.sshfs"
  std::string source;
};
// kDamaged: a line that is not understood, and then none of it is to be trusted.
[[nodiscard]] Result<std::vector<MountEntry>> parse_whole_table(std::string_view mountinfo);
[[nodiscard]] Result<std::vector<MountEntry>> read_mounts();
[[nodiscard]] bool is_network_file_system(const MountEntry& mount);

}  // namespace caretaker::platform
