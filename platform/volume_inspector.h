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

// The same in a process of its own, which has the open device and nothing else: no right, no secret of ours, and `limit_ms` of time.
// What does not come back in time, or not in order, is unknown ("gave-up"). The process runs `program`, whose main calls
// serve_inspection().
[[nodiscard]] VolumeContent inspect_apart(const std::filesystem::path& program, const std::filesystem::path& node, int limit_ms);
// The other side: judges standard input, writes to standard output.
[[nodiscard]] Status serve_inspection();

// What travels between the two: JSON. kInvalidInput for anything else.
[[nodiscard]] std::string make_content_text(const VolumeContent& content);
[[nodiscard]] Result<VolumeContent> parse_content_text(std::string_view text);

}  // namespace caretaker::platform
