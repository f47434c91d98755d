// What libblkid finds in a part of a device.
#pragma once

#include <string>
#include <vector>

#include "platform/linux/device_region.h"

namespace caretaker::platform {

struct FoundSignatures {
  bool ambiguous = false;  // several that exclude one another
  std::string type;        // "vfat", "crypto_LUKS"; empty when nothing is known
  std::string usage;       // "filesystem", "crypto", "raid", "other"
  std::string uuid;
  std::string table;       // "dos", "gpt"; empty when there is no partition table
  std::vector<DeviceRegion> partitions;  // those that hold something
};
[[nodiscard]] Result<FoundSignatures> find_signatures(const DeviceRegion& region);

// Whether a file system that people use lies at the start of it.
[[nodiscard]] Result<bool> has_file_system(const DeviceRegion& region);

}  // namespace caretaker::platform
