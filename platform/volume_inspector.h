// What lies on a removable volume, found out without mounting it. Port: libblkid, libcryptsetup and our own reader of
// BitLocker's metadata on Linux.
#pragma once

#include "platform/base/volume_facts.h"
#include "platform/files.h"

namespace caretaker::platform {

// Reads a block device, or an image of one, through its descriptor: needs no right but that, writes nothing. Of a disk with
// partitions the worst of them counts. Whatever cannot be read, or is two things at once, is unknown. Blocks for as long as
// the device takes: call it where waiting harms nobody. The bytes are foreign: call it where a fault harms nobody.
[[nodiscard]] VolumeContent inspect_volume(const OpenFile& device);

}  // namespace caretaker::platform
