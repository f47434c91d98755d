#include "platform/eraser_disks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <span>

#include "platform/files.h"

namespace caretaker::platform {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSector = 512;
constexpr std::array<std::string_view, 6> kNoDisks = {"loop", "ram", "zram", "dm-", "sr", "fd"};
constexpr std::array<std::string_view, 4> kLentNames = {"nbd", "rbd", "drbd", "rnbd"};
// Where in sysfs a disk stands that another machine lends: iSCSI, Fibre Channel (also over Ethernet), NVMe over a network.
constexpr std::array<std::string_view, 4> kLent = {"/session", "/rport-", "/nvme-fabrics/", "/rnbd-client/"};
constexpr std::array<std::string_view, 4> kNetworks = {"tcp", "rdma", "fc", "loop"};  // an NVMe controller's transport

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

bool is_named(const std::string& name, std::span<const std::string_view> kinds) {
  return std::ranges::any_of(kinds, [&](std::string_view kind) { return name.starts_with(kind); });
}

bool has_partitions(const fs::path& device) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(device, failed)) {
    if (fs::exists(entry.path() / "partition", failed)) return true;
  }
  return false;
}

bool any_in(const fs::path& folder, const std::function<bool(const fs::path&)>& is_so) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (is_so(entry.path())) return true;
  }
  return false;
}

// A disk with more than one controller stands under none of them (nvme-subsystem).
bool has_networked_controller(const fs::path& disk) {
  return any_in(disk.parent_path(), [](const fs::path& path) {
    return std::ranges::find(kNetworks, attribute(path / "transport")) != kNetworks.end();
  });
}

// As the rules for removable media tell it (62-caretaker-media.rules): a card in a slot, and what hangs on a port that leads outside.
bool is_plugged_in(const fs::path& disk) {
  const std::string type = attribute(disk / "device/type");
  if (type == "SD" || type == "SDcombo") return true;
  if (type == "MMC" && attribute(disk / "device/removable") != "fixed" && attribute(disk / "device/raw_rpmb_size_mult") == "0") return true;
  if (disk.string().find("/memstick") != std::string::npos) return true;
  for (fs::path at = disk; at != at.parent_path(); at = at.parent_path()) {
    if (attribute(at / "removable") == "removable") return true;
  }
  return false;
}

// Destroyed would be what is not this machine's: a stick, a card, another machine's disk, also where it is part of a local array.
bool is_foreign(const fs::path& device) {
  std::error_code failed;
  const fs::path disk = fs::exists(device / "partition", failed) ? device.parent_path() : device;
  const std::string path = device.string();
  if (attribute(disk / "removable") == "1" || path.find("/usb") != std::string::npos || is_plugged_in(disk)) return true;
  if (std::ranges::any_of(kLent, [&](std::string_view part) { return path.find(part) != std::string::npos; })) return true;
  if (has_networked_controller(disk)) return true;
  return any_in(device / "slaves", [](const fs::path& slave) {
    std::error_code unresolved;
    const fs::path below = fs::canonical(slave, unresolved);
    return unresolved || is_named(slave.filename(), kLentNames) || is_foreign(below);
  });
}

}  // namespace

Result<std::vector<DiskVolume>> find_volumes(const fs::path& sys, const fs::path& dev) {
  std::error_code failed;
  std::vector<DiskVolume> volumes;
  for (const auto& entry : fs::directory_iterator(sys / "class/block", failed)) {
    const std::string name = entry.path().filename();
    if (is_named(name, kNoDisks) || is_named(name, kLentNames)) continue;
    std::error_code unresolved;
    const fs::path device = fs::canonical(entry.path(), unresolved);
    if (unresolved) return make_error(ErrorCode::kUnavailable, "what " + name + " is cannot be told");
    const fs::path disk = fs::exists(device / "partition", unresolved) ? device.parent_path() : device;
    const std::uint64_t size = number(attribute(device / "size")) * kSector;
    if (is_foreign(device) || size == 0 || has_partitions(device)) continue;
    DiskVolume volume{{"/dev/" + name, part_uuid(dev, name), "", attribute(disk / "device/model"), attribute(disk / "device/serial"),
                       attribute(disk / "queue/rotational") == "1", size, 0, 0, false, ""},
                      attribute(device / "dev")};
    if (volume.target.serial.empty()) volume.target.serial = attribute(disk / "serial");
    volumes.push_back(std::move(volume));
  }
  if (failed) return make_error(ErrorCode::kUnavailable, "the machine's disks cannot be told: " + failed.message());
  std::ranges::sort(volumes, {}, [](const DiskVolume& volume) { return volume.target.node; });
  return volumes;
}

}  // namespace caretaker::platform
