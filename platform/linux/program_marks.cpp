#include "platform/linux/program_marks.h"

#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "platform/base/log.h"
#include "platform/linux/posix_error.h"
#include "platform/mount_table.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxTable = 4u << 20;

std::optional<std::uint64_t> namespace_of(const std::string& process) {
  struct stat found {};
  if (::stat(("/proc/" + process + "/ns/mnt").c_str(), &found) != 0) return std::nullopt;
  return found.st_ino;
}

}  // namespace

Result<ProgramMarks> ProgramMarks::open(int listener, const std::vector<std::filesystem::path>& only) {
  // A service manager gives us mounts of our own: those of process 1 count. In a sandbox that shows nobody its first process, ours do.
  const std::string process = namespace_of("1") ? "/proc/1" : "/proc/self";
  const auto home = namespace_of(process.substr(6));
  OpenFile table(::open((process + "/mountinfo").c_str(), O_RDONLY | O_CLOEXEC));
  if (!home || !table.is_open()) return posix_error(errno, "look at the system's mounts");
  ProgramMarks marks(listener, std::move(table), *home, only.empty());
  marks.process_ = process;
  for (const std::filesystem::path& place : only) TRY_DONE(marks.mark(place));
  marks.add_new();
  if (marks.known_.empty()) return make_error(ErrorCode::kUnsupported, "no file system can be watched");
  return marks;
}

// A mark belongs to a file system, not to a place: what stands at several places is marked once.
Status ProgramMarks::mark(const std::string& path) const {
  if (::fanotify_mark(listener_, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_EXEC_PERM, AT_FDCWD, path.c_str()) == 0) return ok();
  return posix_error(errno, "watch " + path);
}

void ProgramMarks::add_new() {
  const auto text = read_file(process_ + "/mountinfo", kMaxTable);
  if (!text) return;
  std::set<std::string> present;
  for (const Mount& mount : parse_mounts(as_text(*text))) {
    if (!may_hold_programs(mount) || !present.insert(mount.device).second || known_.contains(mount.device) || !all_) continue;
    if (auto marked = mark(process_ + "/root" + mount.point); !marked) {
      log_debug("programs", marked.error().message + " (" + mount.type + ")");
      present.erase(mount.device);  // hidden under another mount, perhaps, and seen at another place
    }
  }
  known_ = std::move(present);
}

// Of these nothing is remembered: a device's number is free again as soon as its file system goes. To mark one twice is no error.
void ProgramMarks::add_of(std::int32_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  const auto there = namespace_of(std::to_string(pid));
  if (!there || *there == home_) return;
  const auto text = read_file(process + "/mountinfo", kMaxTable);
  if (!text) return;
  for (const Mount& mount : parse_mounts(as_text(*text))) {
    if (!may_hold_programs(mount) || known_.contains(mount.device)) continue;
    if (auto marked = mark(process + "/root" + mount.point); !marked) log_debug("programs", marked.error().message + " (" + mount.type + ")");
  }
}

}  // namespace caretaker::platform
