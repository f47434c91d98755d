#include "platform/linux/eraser_disks.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "platform/files.h"

namespace caretaker::platform {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSector = 512;
constexpr std::array<std::string_view, 6> kNoDisks = {"loop", "ram", "zram", "dm-", "sr", "fd"};

std::string attribute(const fs::path& file) {
  const auto bytes = read_file(file, 4096);
  std::string text(bytes ? as_text(*bytes) : "");
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// As udev links it: newer kernels say it themselves, Debian 12's does not.
std::string part_uuid(const fs::path& dev, const std::string& name) {
  std::error_code failed;
  for (const auto& link : fs::directory_iterator(dev / "disk/by-partuuid", failed)) {
    std::error_code dangling;
    if (fs::read_symlink(link.path(), dangling).filename() == name && !dangling) return link.path().filename();
  }
  return "";
}

bool has_partitions(const fs::path& device) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(device, failed)) {
    if (fs::exists(entry.path() / "partition", failed)) return true;
  }
  return false;
}

}  // namespace

Result<std::vector<DiskVolume>> find_volumes(const fs::path& sys, const fs::path& dev) {
  std::error_code failed;
  std::vector<DiskVolume> volumes;
  for (const auto& entry : fs::directory_iterator(sys / "class/block", failed)) {
    const std::string name = entry.path().filename();
    if (std::ranges::any_of(kNoDisks, [&](std::string_view kind) { return name.starts_with(kind); })) continue;
    std::error_code unresolved;
    const fs::path device = fs::canonical(entry.path(), unresolved);
    if (unresolved) return make_error(ErrorCode::kUnavailable, "what " + name + " is cannot be told");
    const fs::path disk = fs::exists(device / "partition", unresolved) ? device.parent_path() : device;
    const bool is_foreign = attribute(disk / "removable") == "1" || device.string().find("/usb") != std::string::npos;
    const std::uint64_t size = number(attribute(device / "size")) * kSector;
    if (is_foreign || size == 0 || has_partitions(device)) continue;
    DiskVolume volume{{"/dev/" + name, part_uuid(dev, name), "", attribute(disk / "device/model"), attribute(disk / "device/serial"),
                       attribute(disk / "queue/rotational") == "1", size, 0, 0},
                      attribute(device / "dev")};
    if (volume.target.serial.empty()) volume.target.serial = attribute(disk / "serial");
    volumes.push_back(std::move(volume));
  }
  if (failed) return make_error(ErrorCode::kUnavailable, "the machine's disks cannot be told: " + failed.message());
  std::ranges::sort(volumes, {}, [](const DiskVolume& volume) { return volume.target.node; });
  return volumes;
}

}  // namespace caretaker::platform
