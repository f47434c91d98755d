#include "platform/linux/screen_lockers_proc.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace caretaker::platform {
namespace {

// As the kernel shows them: at most 15 letters.
constexpr std::array<std::string_view, 10> kLockers = {"swaylock", "gtklock", "waylock", "hyprlock",    "i3lock",
                                                       "slock",    "xlock",   "xtrlock", "xsecurelock", "kscreenlocker_g"};
constexpr std::string_view kOwnLocker = "physlock";

std::string name_of(const std::filesystem::path& process) {
  std::string name;
  std::getline(std::ifstream(process / "comm"), name);
  return name;
}

// In the unit that starts it: anybody can give a set-user-ID program another name, and nobody can put a process there.
bool is_own_locker(const std::filesystem::path& process) {
  struct stat status {};
  if (::stat(process.c_str(), &status) != 0 || status.st_uid != 0 || name_of(process) != kOwnLocker) return false;
  std::string group;
  std::getline(std::ifstream(process / "cgroup"), group);
  return group.ends_with("/caretaker-lock.service");
}

bool is_locker(const std::filesystem::path& process, std::uint32_t uid) {
  struct stat status {};
  if (::stat(process.c_str(), &status) != 0) return false;
  return is_own_locker(process) || (status.st_uid == uid && std::ranges::find(kLockers, name_of(process)) != kLockers.end());
}

template <typename IsOne>
bool has_process(const IsOne& is_one) {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", failed)) {
    const std::string name = entry.path().filename();
    if (!name.empty() && name[0] >= '1' && name[0] <= '9' && is_one(entry.path())) return true;
  }
  return false;
}

}  // namespace

bool has_running_locker(std::uint32_t uid) {
  return has_process([uid](const std::filesystem::path& process) { return is_locker(process, uid); });
}

bool is_own_locker_running() {
  return has_process([](const std::filesystem::path& process) { return is_own_locker(process); });
}

}  // namespace caretaker::platform
