#include "platform/linux/device_region.h"

#include <unistd.h>

#include "platform/linux/posix_error.h"

namespace caretaker::platform {

Result<DeviceRegion> whole_device(int fd) {
  const off_t end = ::lseek(fd, 0, SEEK_END);  // of block devices too, where stat() says 0
  if (end < 0) return posix_error(errno, "find the size of a device");
  return DeviceRegion{fd, 0, static_cast<std::uint64_t>(end)};
}

Status read_region(const DeviceRegion& region, std::uint64_t at, std::span<std::uint8_t> into) {
  if (at > region.size || into.size() > region.size - at) return make_error(ErrorCode::kInvalidInput, "outside of the volume");
  std::size_t done = 0;
  while (done < into.size()) {
    const auto from = static_cast<off_t>(region.offset + at + done);
    const ssize_t got = ::pread(region.fd, into.data() + done, into.size() - done, from);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return make_error(ErrorCode::kUnavailable, "the device cannot be read");
    done += static_cast<std::size_t>(got);
  }
  return ok();
}

}  // namespace caretaker::platform
