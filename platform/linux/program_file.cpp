#include "platform/linux/program_file.h"

#include <linux/btrfs.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "platform/base/bytes.h"
#include "platform/files.h"

namespace caretaker::platform {
namespace {

constexpr long kFuse = 0x65735546;  // linux/magic.h
constexpr long kBtrfs = 0x9123683e;
constexpr std::size_t kMaxText = 64u << 10;
constexpr MonotonicMs kKnownMs = 1000;  // a device's number may soon be another's
constexpr int kMaxDepth = 4;            // of devices on devices
constexpr unsigned kLoopMajor = 7;

std::string number_of(dev_t device) { return std::to_string(major(device)) + ":" + std::to_string(minor(device)); }

std::string text_of(const std::filesystem::path& path) {
  const auto bytes = read_file(path, kMaxText);
  return bytes ? std::string(as_text(*bytes)) : "";
}

// Without its end.
std::string line_of(const std::filesystem::path& path) {
  std::string text = text_of(path);
  return text.substr(0, text.find('\n'));
}

// An image that only root can have made and changed is the system's.
bool is_own_image(const std::string& number) {
  const std::string backing = line_of("/sys/dev/block/" + number + "/loop/backing_file");
  struct stat found {};
  if (backing.empty() || ::stat(("/proc/1/root" + backing).c_str(), &found) != 0) return false;
  return found.st_uid == 0 && (found.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool any_is_brought(const std::filesystem::path& devices, int depth);

// udev's rules mark what is removable (installer/udev); what lies upon it, as an opened LUKS volume does, is no better.
bool is_brought_device(const std::string& number, int depth) {
  if (text_of("/run/udev/data/b" + number).find("\nE:CARETAKER_MEDIUM=") != std::string::npos) return true;
  if (number.starts_with(std::to_string(kLoopMajor) + ":") && !is_own_image(number)) return true;
  std::error_code none;
  const std::filesystem::path device = "/sys/dev/block/" + number;
  if (depth == 0) return true;
  if (std::filesystem::exists(device / "partition", none)) return is_brought_device(line_of(device / "../dev"), depth - 1);
  return any_is_brought(device / "slaves", depth - 1);
}

bool any_is_brought(const std::filesystem::path& devices, int depth) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(devices, none)) {
    const std::string number = line_of(entry.path() / "dev");
    if (!number.empty() && is_brought_device(number, depth)) return true;
  }
  return false;
}

// Its files have a device number that belongs to no device; the kernel shows on which it lies.
bool is_brought_btrfs(int fd) {
  btrfs_ioctl_fs_info_args info{};
  if (::ioctl(fd, BTRFS_IOC_FS_INFO, &info) != 0) return false;
  std::string uuid = to_hex(info.fsid);
  for (const std::size_t at : {8u, 13u, 18u, 23u}) uuid.insert(at, "-");
  return any_is_brought("/sys/fs/btrfs/" + uuid + "/devices", kMaxDepth);
}

}  // namespace

ProgramKind kind_of_program(int fd) {
  return program_kind([fd](std::uint64_t offset, std::span<std::uint8_t> into) {
    const ssize_t got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  });
}

std::string file_name_of(int fd) {
  std::array<char, 4096> path;
  const ssize_t got = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  const std::string_view whole(path.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  std::string name(whole.substr(whole.rfind('/') + 1));
  std::ranges::replace_if(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return name.empty() ? "?" : name;
}

std::optional<std::uint32_t> real_uid_of(std::int32_t pid) {
  const std::string status = text_of("/proc/" + std::to_string(pid) + "/status");
  const auto line = status.find("\nUid:\t");
  if (line == std::string::npos) return std::nullopt;
  std::uint32_t uid = 0;
  const char* begin = status.data() + line + 6;
  const auto [end, error] = std::from_chars(begin, status.data() + status.size(), uid);
  return error == std::errc() && end != begin ? std::optional(uid) : std::nullopt;
}

bool BroughtFileSystems::contains(int fd, dev_t device, MonotonicMs now) {
  Known& known = known_[device];
  if (known.until > now) return known.brought;
  struct statfs found {};
  const long type = ::fstatfs(fd, &found) == 0 ? found.f_type : 0;
  const bool brought = type == kFuse || (type == kBtrfs && is_brought_btrfs(fd)) ||
                       (major(device) != 0 && is_brought_device(number_of(device), kMaxDepth));
  if (known_.size() > 1024) known_.clear();
  known_[device] = {brought, now + kKnownMs};
  return brought;
}

}  // namespace caretaker::platform
