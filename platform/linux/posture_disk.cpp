#include "platform/linux/posture_disk.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "platform/files.h"
#include "platform/mount_table.h"

namespace caretaker::platform {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxMounts = 4u << 20;
// Where people's and services' files lie.
constexpr std::array<std::string_view, 7> kPlaces = {"/home", "/var", "/var/tmp", "/tmp", "/root", "/srv", "/opt"};
constexpr int kMaxDepth = 16;  // of devices on devices
// What dm-crypt's tools call what they encrypt (libcryptsetup, "DM-UUID"); CRYPT-VERITY, CRYPT-INTEGRITY and others hide nothing.
constexpr std::array<std::string_view, 5> kEncrypting = {"CRYPT-LUKS1-", "CRYPT-LUKS2-", "CRYPT-PLAIN-", "CRYPT-TCRYPT-", "CRYPT-BITLK-"};

std::string attribute(const fs::path& file) {
  const auto bytes = read_file(file, 4096);
  std::string text(bytes ? as_text(*bytes) : "");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

bool is_below(std::string_view folder, std::string_view mount_point) {
  return mount_point == "/" || folder == mount_point || (folder.starts_with(mount_point) && folder[mount_point.size()] == '/');
}

std::vector<Mount> read_table(const fs::path& root) {
  const auto bytes = read_file(root / "proc/self/mountinfo", kMaxMounts);
  return parse_mounts(bytes ? as_text(*bytes) : "");
}

// Of several that hold the folder the longest counts, and of those at one place the last.
std::optional<Mount> mount_of(const fs::path& root, const std::string& folder) {
  std::optional<Mount> best;
  for (Mount& mount : read_table(root)) {
    if (is_below(folder, mount.point) && (!best || mount.point.size() >= best->point.size())) best = std::move(mount);
  }
  return best;
}

bool is_place(std::string_view point) {
  return std::ranges::find(kPlaces, point) != kPlaces.end() || point.starts_with("/home/");
}

// Of a file system that is on a device of its own (btrfs is not: there the source counts).
fs::path device_of(const fs::path& root, const Mount& mount) {
  std::error_code failed;
  if (!mount.device.starts_with("0:")) return fs::canonical(root / "sys/dev/block" / mount.device, failed);
  if (!mount.source.starts_with("/dev/")) return {};
  const fs::path node = fs::canonical(root / mount.source.substr(1), failed);
  return failed ? fs::path() : fs::canonical(root / "sys/class/block" / node.filename(), failed);
}

std::vector<fs::path> below(const fs::path& device) {
  std::error_code failed;
  const bool is_partition = fs::exists(device / "partition", failed);
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator((is_partition ? device.parent_path() : device) / "slaves", failed)) {
    if (auto path = fs::canonical(entry.path(), failed); !failed) out.push_back(std::move(path));
  }
  return out;
}

std::string without_dashes(std::string text) {
  std::erase(text, '-');
  return text;
}

// The header of this volume, on what it lies on or, with integrity between them, below that.
struct Header {
  VolumeContent content;
  std::string device;  // "sda3", "dm-1"
};

Header find_header(const PostureSources& sources, const fs::path& device, const std::string& uuid, int depth) {
  if (depth == 0) return {};
  for (const fs::path& lower : below(device)) {
    VolumeContent content = sources.inspect(sources.root / "dev" / lower.filename());
    const std::string id = without_dashes(content.volume_id);
    if (!id.empty() && uuid.find(id) != std::string::npos) return {std::move(content), lower.filename()};
    Header found = find_header(sources, lower, uuid, depth - 1);
    if (!found.content.volume_id.empty()) return found;
  }
  return {};
}

DiskKeeping keeping_of_mapping(const PostureSources& sources, const fs::path& device, const std::string& uuid) {
  if (!uuid.starts_with("CRYPT-LUKS")) return DiskKeeping::kEncrypted;
  const Header header = find_header(sources, device, uuid, kMaxDepth);
  // A wipe looks for headers on disks and their partitions (eraser_disks.h), not on what LVM makes of them.
  if (header.content.encryption == Encryption::kEncrypted) return header.device.starts_with("dm-") ? DiskKeeping::kEncrypted : DiskKeeping::kWipeReady;
  return header.content.volume_id.empty() ? DiskKeeping::kEncrypted : DiskKeeping::kNotEncrypted;  // no cipher, or not to the end
}

DiskKeeping keeping_of_device(const PostureSources& sources, const fs::path& device, int depth) {
  if (depth == 0) return DiskKeeping::kUnknown;
  const std::string uuid = attribute(device / "dm/uuid");
  const auto begins = [&](std::string_view prefix) { return uuid.starts_with(prefix); };
  if (std::ranges::any_of(kEncrypting, begins)) return keeping_of_mapping(sources, device, uuid);
  const auto lower = below(device);
  if (lower.empty()) return DiskKeeping::kNotEncrypted;
  DiskKeeping worst = DiskKeeping::kWipeReady;
  for (const fs::path& part : lower) worst = std::min(worst, keeping_of_device(sources, part, depth - 1));
  return worst;
}

}  // namespace

DiskKeeping keeping_of_disk(const PostureSources& sources, const fs::path& folder) {
  const auto mount = mount_of(sources.root, folder.string());
  const fs::path device = mount ? device_of(sources.root, *mount) : fs::path();
  return device.empty() ? DiskKeeping::kUnknown : keeping_of_device(sources, device, kMaxDepth);
}

DiskKeeping keeping_of_places(const PostureSources& sources) {
  DiskKeeping worst = DiskKeeping::kWipeReady;
  for (const Mount& mount : read_table(sources.root)) {
    if (!is_place(mount.point)) continue;
    const fs::path device = device_of(sources.root, mount);  // none: memory, or another machine's disk
    if (!device.empty()) worst = std::min(worst, keeping_of_device(sources, device, kMaxDepth));
  }
  return worst;
}

}  // namespace caretaker::platform
