#include "platform/linux/sysfs_attribute.h"

#include <fcntl.h>
#include <unistd.h>

#include "platform/files.h"
#include "platform/linux/posix_error.h"

namespace caretaker::platform {

Status write_attribute(const std::filesystem::path& path, std::string_view value) {
  const OpenFile file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open()) return posix_error(errno, "open " + path.string());
  const ssize_t written = ::write(file.fd(), value.data(), value.size());  // whole or not at all
  if (written != static_cast<ssize_t>(value.size())) return posix_error(written < 0 ? errno : EIO, "write " + path.string());
  return ok();
}

}  // namespace caretaker::platform
