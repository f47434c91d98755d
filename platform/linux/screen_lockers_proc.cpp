#include "platform/screen_lockers.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace caretaker::platform {
namespace {

// As the kernel shows them: at most 15 letters.
constexpr std::array<std::string_view, 10> kLockers = {"swaylock", "gtklock", "waylock", "hyprlock",    "i3lock",
                                                       "slock",    "xlock",   "xtrlock", "xsecurelock", "kscreenlocker_g"};
constexpr std::string_view kOwnLocker = "physlock";

std::string first_line(const std::filesystem::path& file) {
  std::string line;
  std::getline(std::ifstream(file), line);
  return line;
}

// The line of the unified hierarchy (cgroups(7): 0::), beside which older ones may have theirs.
std::string group_of(const std::filesystem::path& process) {
  std::ifstream lines(process / "cgroup");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::")) return line;
  }
  return "";
}

// In the unit that starts it: anybody can give a set-user-ID program another name, and nobody can put a process there.
bool is_own_locker(const std::filesystem::path& process) {
  struct stat status {};
  if (::stat(process.c_str(), &status) != 0 || status.st_uid != 0 || first_line(process / "comm") != kOwnLocker) return false;
  return group_of(process).ends_with("/caretaker-lock.service");
}

// The console that it has taken for itself, as "tty7" (proc(5), stat: the seventh field, of which the name may have blanks and brackets).
std::string terminal_of(const std::filesystem::path& process) {
  constexpr int kConsoles = 4;  // their major number; up to 63 they are screens
  const std::string line = first_line(process / "stat");
  std::istringstream rest(line.substr(std::min(line.rfind(')') + 1, line.size())));
  std::string state;
  int parent = 0, group = 0, session = 0;
  unsigned terminal = 0;
  rest >> state >> parent >> group >> session >> terminal;
  if (!rest || terminal >> 8 != kConsoles) return "";
  return "tty" + std::to_string(terminal & 0xff);
}

// As logind groups them: another session of the same user is not covered by it.
bool is_in_session(const std::filesystem::path& process, const Session& session) {
  const std::string group = group_of(process) + "/";
  const std::string user = std::to_string(session.uid);
  const std::string users = "/user.slice/user-" + user + ".slice/";
  if (group.find(users + "session-" + session.id + ".scope/") != std::string::npos) return true;
  return session.kind == Session::Kind::kGraphical && group.find(users + "user@" + user + ".service/") != std::string::npos;
}

bool is_locker_of(const std::filesystem::path& process, const Session& session) {
  struct stat status {};
  if (::stat(process.c_str(), &status) != 0 || status.st_uid != session.uid) return false;
  return std::ranges::find(kLockers, first_line(process / "comm")) != kLockers.end() && is_in_session(process, session);
}

template <typename IsOne>
bool has_process(const std::filesystem::path& processes, const IsOne& is_one) {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(processes, failed)) {
    const std::string name = entry.path().filename();
    if (!name.empty() && name[0] >= '1' && name[0] <= '9' && is_one(entry.path())) return true;
  }
  return false;
}

}  // namespace

bool is_covered_by_locker(const Session& session, const std::filesystem::path& processes) {
  if (session.kind == Session::Kind::kRemote) return false;
  return has_process(processes, [&](const auto& process) { return is_locker_of(process, session); });
}

bool is_own_locker_in_front(const std::filesystem::path& processes, const std::filesystem::path& front) {
  const std::string in_front = first_line(front);
  return !in_front.empty() && has_process(processes, [&](const auto& process) { return is_own_locker(process) && terminal_of(process) == in_front; });
}

}  // namespace caretaker::platform
