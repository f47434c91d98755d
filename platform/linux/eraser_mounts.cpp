#include "platform/linux/eraser_mounts.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "platform/files.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxMounts = 4u << 20;
constexpr std::array<std::string_view, 14> kNetwork = {"nfs",  "nfs4",  "cifs", "smb3",      "smbfs", "ncpfs",  "afs",
                                                       "ceph", "coda",  "9p",   "glusterfs", "davfs", "lustre", "virtiofs"};

// proc(5): blanks and backslashes in a name are written in octal.
std::string unescaped(std::string_view text) {
  std::string out;
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) && octal(text[i + 3]);
    if (!escape) {
      out.push_back(text[i]);
      continue;
    }
    out.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0')));
    i += 3;
  }
  return out;
}

}  // namespace

Result<std::vector<MountEntry>> parse_whole_table(std::string_view mountinfo) {
  std::vector<MountEntry> mounts;
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string skipped, device, point, word, type, source;
    fields >> skipped >> skipped >> device >> skipped >> point;
    while (fields >> word && word != "-") continue;
    fields >> type >> source;
    if (!fields) return make_error(ErrorCode::kDamaged, "the mount table is not understood");
    mounts.push_back({device, unescaped(point), type, unescaped(source)});
  }
  if (mounts.empty()) return make_error(ErrorCode::kDamaged, "the mount table is empty");
  return mounts;
}

Result<std::vector<MountEntry>> read_mounts() {
  TRY(bytes, read_file("/proc/self/mountinfo", kMaxMounts));
  return parse_whole_table(as_text(bytes));
}

// What goes through a program of somebody's (FUSE) may lead anywhere: only what has a disk behind it is not the network's.
bool is_network_file_system(const MountEntry& mount) {
  if (std::ranges::find(kNetwork, mount.type) != kNetwork.end()) return true;
  return mount.type.starts_with("fuse.");
}

}  // namespace caretaker::platform
