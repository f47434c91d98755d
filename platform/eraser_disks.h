// The volumes on this machine's own disks, as sysfs shows them.
#pragma once

#include <filesystem>
#include <vector>

#include "platform/eraser.h"

namespace caretaker::platform {

// `sys` is "/sys", `dev` "/dev". Not among them: disks that are removable or on USB, those that
// another machine lends (iSCSI, Fibre Channel, NVMe over a network, nbd, rbd, drbd) and arrays of such, memory disks, and what has partitions.
struct DiskVolume {
  EraseTarget target;   // without what LUKS says
  std::string number;   // "254:3"
};
[[nodiscard]] Result<std::vector<DiskVolume>> find_volumes(const std::filesystem::path& sys, const std::filesystem::path& dev);

}  // namespace caretaker::platform
