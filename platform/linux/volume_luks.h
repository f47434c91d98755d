// LUKS 1 and 2, judged by libcryptsetup.
#pragma once

#include "platform/base/volume_facts.h"
#include "platform/linux/device_region.h"

namespace caretaker::platform {

// Only for a region with LUKS's signature: what it says is whether there is a sound header behind it that protects the data.
[[nodiscard]] VolumeContent inspect_luks(const DeviceRegion& region);

}  // namespace caretaker::platform
