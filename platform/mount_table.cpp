#include "platform/mount_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace caretaker::platform {
namespace {

constexpr std::array<std::string_view, 22> kKernelTypes = {
    "proc",     "sysfs",   "cgroup",     "cgroup2",  "devpts",    "securityfs", "debugfs", "tracefs",     "bpf",   "pstore",   "efivarfs",
    "mqueue",   "configfs", "fusectl",   "autofs",   "rpc_pipefs", "binfmt_misc", "nsfs",   "selinuxfs",   "nfsd",  "hugetlbfs", "fuse"};
constexpr std::array<std::string_view, 14> kNetworkTypes = {"nfs",  "nfs4",  "cifs", "smb3",      "smbfs", "ncpfs",  "afs",
                                                            "ceph", "coda",  "9p",   "glusterfs", "davfs", "lustre", "virtiofs"};

constexpr std::array<std::string_view, 4> kStarts = {"/boot", "/boot/efi", "/efi", "/run/caretaker-boot"};

std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

}  // namespace

std::string undo_mount_escapes(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && is_octal(text[i + 1]) && is_octal(text[i + 2]) && is_octal(text[i + 3])) {
      out.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0')));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

namespace {

std::optional<Mount> parse_line(std::string_view line) {
  Mount mount;
  const std::string_view id = take_word(line);
  (void)std::from_chars(id.data(), id.data() + id.size(), mount.id);
  (void)take_word(line);  // of its parent
  mount.device = take_word(line);
  mount.root = undo_mount_escapes(take_word(line));
  mount.point = undo_mount_escapes(take_word(line));
  (void)take_word(line);  // options
  while (!line.empty() && take_word(line) != "-") {
  }
  mount.type = take_word(line);
  mount.source = undo_mount_escapes(take_word(line));
  const bool is_whole = !mount.type.empty() && mount.point.starts_with('/') && mount.device.find(':') != std::string::npos;
  return is_whole ? std::optional(std::move(mount)) : std::nullopt;
}

// False where the visitor ends it.
template <typename Visit>
bool for_each_line(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!visit(parse_line(line))) return false;
  }
  return true;
}

}  // namespace

std::vector<Mount> parse_mounts(std::string_view text) {
  std::vector<Mount> out;
  (void)for_each_line(text, [&](std::optional<Mount> mount) {
    if (mount) out.push_back(std::move(*mount));
    return true;
  });
  return out;
}

Result<std::vector<Mount>> parse_all_mounts(std::string_view text) {
  std::vector<Mount> out;
  const bool is_whole = for_each_line(text, [&](std::optional<Mount> mount) {
    if (mount) out.push_back(std::move(*mount));
    return mount.has_value();
  });
  if (!is_whole) return make_error(ErrorCode::kDamaged, "the mount table is not understood");
  if (out.empty()) return make_error(ErrorCode::kDamaged, "the mount table is empty");
  return out;
}

std::string starts_machine_at(const std::vector<Mount>& mounts, std::string_view device) {
  std::string starts;
  for (const Mount& mount : mounts) {
    if (mount.device != device || mount.root != "/") continue;
    if (mount.point == "/") return "";
    if (std::ranges::find(kStarts, mount.point) != kStarts.end()) starts = mount.point;
  }
  return starts;
}

bool may_hold_programs(const Mount& mount) {
  return std::ranges::find(kKernelTypes, mount.type) == kKernelTypes.end() && !mount.type.starts_with("fuse.");
}

bool is_network_file_system(const Mount& mount) {
  return std::ranges::find(kNetworkTypes, mount.type) != kNetworkTypes.end() || mount.type.starts_with("fuse.");
}

}  // namespace caretaker::platform
