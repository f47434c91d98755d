#include "platform/linux/sysfs_attribute.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

Status write_at(int folder, const char* path, std::string_view value) {
  const OpenFile file(::openat(folder, path, O_WRONLY | O_CLOEXEC));
  if (!file.is_open()) return posix_error(errno, std::string("open ") + path);
  const ssize_t written = ::write(file.fd(), value.data(), value.size());  // whole or not at all
  if (written != static_cast<ssize_t>(value.size())) return posix_error(written < 0 ? errno : EIO, std::string("write ") + path);
  return ok();
}

}  // namespace

Status write_attribute(const OpenFile& place, const char* name, std::string_view value) { return write_at(place.fd(), name, value); }

Status write_attribute(const std::filesystem::path& path, std::string_view value) { return write_at(AT_FDCWD, path.c_str(), value); }

std::string read_attribute(const OpenFile& place, const char* name) {
  const OpenFile file(::openat(place.fd(), name, O_RDONLY | O_CLOEXEC));
  std::array<char, 64> text;
  const ssize_t size = file.is_open() ? ::read(file.fd(), text.data(), text.size()) : 0;
  const std::string_view line(text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return std::string(line.substr(0, line.find('\n')));
}

}  // namespace caretaker::platform
