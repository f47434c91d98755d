#include "platform/linux/posture_updates.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

namespace caretaker::platform {
namespace {

// The stamp is update-notifier's, after something was heard. The folder changes when lists are put into it, whoever asked for them; not the lists themselves,
// which have the time that the server says. The stamp of apt's daily job (update-stamp) says nothing: it is also made when no server was there.
constexpr std::array kSigns = {"var/lib/apt/periodic/update-success-stamp", "var/lib/apt/lists"};
constexpr const char* kRestart = "run/reboot-required";

std::optional<UnixSeconds> changed_at(const std::filesystem::path& path) {
  struct stat facts = {};
  return ::stat(path.c_str(), &facts) == 0 ? std::optional<UnixSeconds>(facts.st_mtime) : std::nullopt;
}

// An image has the folder from the beginning, and nothing in it.
bool has_lists(const std::filesystem::path& root) {
  std::error_code failed;
  const auto is_list = [](const auto& entry) { return entry.path().filename().string().ends_with("Release"); };
  return std::ranges::any_of(std::filesystem::directory_iterator(root / "var/lib/apt/lists", failed), is_list);
}

}  // namespace

std::optional<UnixSeconds> updates_asked(const std::filesystem::path& root) {
  if (!has_lists(root)) return std::nullopt;
  std::optional<UnixSeconds> newest;
  for (const char* sign : kSigns) newest = std::max(newest, changed_at(root / sign));
  return newest;
}

std::optional<UnixSeconds> restart_due_since(const std::filesystem::path& root) { return changed_at(root / kRestart); }

}  // namespace caretaker::platform
