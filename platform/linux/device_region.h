// A part of a block device, or of an image of one, by offset and size in bytes.
#pragma once

#include <cstdint>
#include <span>

#include "platform/base/result.h"

namespace caretaker::platform {

struct DeviceRegion {
  int fd = -1;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

[[nodiscard]] Result<DeviceRegion> whole_device(int fd);
// Fills `into` from the region; kInvalidInput: not all of it lies inside; kUnavailable: the device does not give it.
[[nodiscard]] Status read_region(const DeviceRegion& region, std::uint64_t at, std::span<std::uint8_t> into);

}  // namespace caretaker::platform
