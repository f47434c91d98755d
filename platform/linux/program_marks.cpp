#include "platform/linux/program_marks.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "platform/base/log.h"
#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxTable = 4u << 20;
constexpr std::size_t kMaxOthersTable = 1u << 20;  // what somebody has mounted for himself: programs that start wait while it is read
constexpr std::size_t kMaxPlaces = 512;
constexpr std::size_t kMaxPlacesOf = 64;  // of one person, so that nobody takes others' room
constexpr int kTablesAtOnce = 4;       // so that programs that start do not wait for somebody's mounts
constexpr MonotonicMs kSweepMs = 2000;
constexpr MonotonicMs kAgainMs = 1000;  // what could not be watched is tried again

std::optional<std::uint64_t> namespace_of(const std::string& process) {
  struct stat found {};
  if (::stat(("/proc/" + process + "/ns/mnt").c_str(), &found) != 0) return std::nullopt;
  return found.st_ino;
}

// Nothing where it is too large, or cannot be read.
std::optional<std::string> read_table(int fd) {
  std::string out;
  std::array<char, 64u << 10> room;
  for (;;) {
    const ssize_t got = ::pread(fd, room.data(), room.size(), static_cast<off_t>(out.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) return out;
    if (got < 0 || out.size() + static_cast<std::size_t>(got) > kMaxOthersTable) return std::nullopt;
    out.append(room.data(), static_cast<std::size_t>(got));
  }
}

// Who has made the outermost of the user namespaces that this process lives in, whatever user it is in there; root where there is none:
// to have mounts of one's own without one takes root.
std::uint32_t maker_of(std::int32_t pid) {
  std::uint32_t maker = 0;
  OpenFile space(::open(("/proc/" + std::to_string(pid) + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  while (space.is_open()) {
    OpenFile parent(::ioctl(space.fd(), NS_GET_PARENT));
    uid_t owner = 0;
    if (!parent.is_open() || ::ioctl(space.fd(), NS_GET_OWNER_UID, &owner) != 0) break;
    maker = owner;
    space = std::move(parent);
  }
  return maker;
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
  hidden_.clear();
  for (const Mount& mount : parse_mounts(as_text(*text))) {
    if (!may_hold_programs(mount) || !present.insert(mount.device).second || known_.contains(mount.device) || !all_) continue;
    if (auto marked = mark(process_ + "/root" + mount.point); !marked) {
      log_debug("programs", marked.error().message + " (" + mount.type + ")");
      hidden_.insert(mount.device);
      present.erase(mount.device);  // hidden under another mount, perhaps, and seen at another place
    }
  }
  known_ = std::move(present);
}

// The path may lead to what is mounted over it: then this one cannot be reached that way.
Status ProgramMarks::mark_mount(const std::string& root, const Mount& mount) const {
  const std::string path = root + mount.point;
  TRY_DONE(mark(path));
  struct statx found {};
  if (::statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, STATX_MNT_ID, &found) != 0) return posix_error(errno, path);
  const bool can_tell = (found.stx_mask & STATX_MNT_ID) != 0;
  if (can_tell && found.stx_mnt_id != mount.id) return make_error(ErrorCode::kNotFound, path + " is under another mount");
  return ok();
}

// A device's number is free again as soon as its file system goes, so all of it is marked again. To mark one twice is no error.
void ProgramMarks::look(Others& others) const {
  others.is_stale = false;
  others.looked = system_clock().monotonic_ms();
  const auto text = read_table(others.table.fd());
  others.is_whole = false;
  if (!text) return;
  const std::string root = "/proc/" + std::to_string(others.pid) + "/root";
  std::set<std::string> marked;
  std::set<std::string> missed;
  for (const Mount& mount : parse_mounts(*text)) {
    if (!may_hold_programs(mount) || known_.contains(mount.device) || hidden_.contains(mount.device) || marked.contains(mount.device)) continue;
    if (const Status done = mark_mount(root, mount); done) {
      marked.insert(mount.device);
    } else {
      missed.insert(mount.device);
      log_debug("programs", done.error().message + " (" + mount.type + ")");
    }
  }
  others.is_whole = std::ranges::includes(marked, missed);  // one place is enough
}

std::optional<ProgramMarks::Place> ProgramMarks::place_of(std::int32_t pid) {
  const std::string process = std::to_string(pid);
  const auto there = namespace_of(process);
  struct stat root {};
  if (!there || ::stat(("/proc/" + process + "/root/").c_str(), &root) != 0) return std::nullopt;
  return Place{*there, root.st_dev, root.st_ino};
}

bool ProgramMarks::is_due(const Others& others) {
  return others.is_stale || (!others.is_whole && system_clock().monotonic_ms() - others.looked >= kAgainMs);
}

bool ProgramMarks::add_of(std::int32_t pid) {
  const auto there = namespace_of(std::to_string(pid));
  if (!there || *there == home_) return true;  // one that is gone starts nothing
  const auto place = place_of(pid);
  if (!place) return errno == ENOENT || errno == ESRCH;  // gone; else a file system that lets only its owner look at its root
  const auto known = others_.find(*place);
  if (known != others_.end()) {
    Others& others = known->second;
    pollfd changed{others.table.fd(), POLLPRI, 0};
    if (::poll(&changed, 1, 0) > 0) others.is_stale = true;
    if (is_due(others)) {
      others.pid = pid;
      look(others);
    }
    return others.is_whole;
  }
  Others others;
  others.table = OpenFile(::open(("/proc/" + std::to_string(pid) + "/mountinfo").c_str(), O_RDONLY | O_CLOEXEC));
  if (!others.table.is_open()) return errno == ENOENT || errno == ESRCH || errno == EINVAL;  // gone meanwhile
  others.pid = pid;
  others.maker = maker_of(pid);
  look(others);
  if (!has_room(others.maker)) forget_dead();
  if (!has_room(others.maker)) return false;  // what is mounted there next would not be noticed
  return others_.emplace(*place, std::move(others)).first->second.is_whole;
}

bool ProgramMarks::has_room(std::uint32_t maker) const {
  const auto theirs = std::ranges::count_if(others_, [maker](const auto& entry) { return entry.second.maker == maker; });
  return others_.size() < kMaxPlaces && (maker == 0 || static_cast<std::size_t>(theirs) < kMaxPlacesOf);
}

// Who was seen there may have ended while others live on.
void ProgramMarks::forget_dead() {
  const MonotonicMs now = system_clock().monotonic_ms();
  if (now < next_sweep_) return;
  next_sweep_ = now + kSweepMs;
  std::set<Place> dead;
  for (const auto& [place, others] : others_) {
    if (place_of(others.pid) != place) dead.insert(place);
  }
  if (dead.empty()) return;
  std::error_code none;
  for (auto entry = std::filesystem::directory_iterator("/proc", none); !dead.empty() && entry != std::filesystem::directory_iterator(); entry.increment(none)) {
    const std::string name = entry->path().filename();
    std::int32_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) continue;
    const auto place = place_of(pid);
    if (place && dead.erase(*place) > 0) others_[*place].pid = pid;
  }
  for (const Place& place : dead) others_.erase(place);
}

void ProgramMarks::add_waits(std::vector<pollfd>& out) const {
  out.push_back({table_.fd(), POLLPRI, 0});
  for (const auto& [place, others] : others_) out.push_back({others.table.fd(), POLLPRI, 0});
}

// A change is said once.
void ProgramMarks::take_changes(std::span<const pollfd> waits) {
  is_stale_ = is_stale_ || waits.front().revents != 0;
  auto wait = waits.begin();
  for (auto& [place, others] : others_) others.is_stale = others.is_stale || (++wait)->revents != 0;
}

MonotonicMs ProgramMarks::next_look() const {
  MonotonicMs next = others_.empty() ? INT64_MAX : next_sweep_;
  for (const auto& [place, others] : others_) {
    if (!others.is_whole) next = std::min(next, others.looked + kAgainMs);
  }
  return next;
}

bool ProgramMarks::follow_changes(const std::function<void()>& beat) {
  if (std::exchange(is_stale_, false)) add_new();
  // Whoever mounted something has often ended by now, and another has to show the way.
  if (std::ranges::any_of(others_, [](const auto& entry) { return is_due(entry.second) && place_of(entry.second.pid) != entry.first; })) next_sweep_ = 0;
  forget_dead();
  int left = kTablesAtOnce;
  for (auto& [place, others] : others_) {
    if (!is_due(others)) continue;
    if (left-- == 0) return true;
    beat();
    look(others);
  }
  return false;
}

}  // namespace caretaker::platform
