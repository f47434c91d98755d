#include "platform/mount_watch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <utility>

#include "platform/linux/posix_error.h"
#include "platform/mount_table.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxTable = 4u << 20;
// fstab(5), mount(8), systemd.mount(5).
constexpr std::array<std::string_view, 5> kForUsers = {"user", "users", "owner", "group", "x-systemd.automount"};
constexpr std::array<std::string_view, 2> kHelpersPlaces = {"/media/", "/run/media/"};

bool is_for_users(std::string_view options) {
  for (std::size_t at = 0; at <= options.size();) {
    const std::size_t end = std::min(options.find(',', at), options.size());
    const std::string_view option = options.substr(at, end - at);
    if (std::ranges::find(kForUsers, option) != kForUsers.end() || option.starts_with("user=") || option.starts_with("uhelper=")) return true;
    at = end + 1;
  }
  return false;
}

// The places, by the names that the files have for them, with their escapes.
std::set<std::string> places_in_fstab(std::string_view text) {
  std::set<std::string> places;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string source, place, type, options;
    if (!(fields >> source >> place >> type >> options) || source.starts_with('#')) continue;
    if (is_for_users(options)) places.insert(undo_mount_escapes(place));
  }
  return places;
}

// libmount's: KEY=value, without an order.
std::set<std::string> places_in_utab(std::string_view text) {
  std::set<std::string> places;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string place;
    bool by_somebody = false;
    for (std::string field; fields >> field;) {
      if (field.starts_with("TARGET=")) place = undo_mount_escapes(field.substr(7));
      if (field.starts_with("OPTS=")) by_somebody = is_for_users(std::string_view(field).substr(5));
    }
    if (by_somebody) places.insert(place);
  }
  return places;
}

std::string text_of(const char* file) {
  const auto bytes = read_file(file, kMaxTable);
  return bytes ? std::string(as_text(*bytes)) : std::string();
}

}  // namespace

MountPoints find_users_mounts(std::string_view mountinfo, std::string_view fstab, std::string_view utab) {
  std::set<std::string> places = places_in_fstab(fstab);
  places.merge(places_in_utab(utab));
  MountPoints out;
  for (Mount& mount : parse_mounts(mountinfo)) {
    const auto lies_in = [&](std::string_view folder) { return mount.point.starts_with(folder); };
    if (!places.contains(mount.point) && std::ranges::none_of(kHelpersPlaces, lies_in)) continue;
    const bool has_number_of_its_own = mount.device.starts_with("0:") && mount.source.starts_with("/dev/");
    out[has_number_of_its_own ? mount.source : mount.device].push_back(std::move(mount.point));
  }
  return out;
}

std::string block_number(const std::filesystem::path& node) {
  struct stat facts = {};
  if (node.empty() || ::stat(node.c_str(), &facts) != 0 || !S_ISBLK(facts.st_mode)) return "";
  return std::to_string(major(facts.st_rdev)) + ":" + std::to_string(minor(facts.st_rdev));
}

Result<MountWatch> MountWatch::open() {
  OpenFile table(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (!table.is_open()) return posix_error(errno, "open the mount table");
  return MountWatch(std::move(table));
}

std::vector<std::string> MountWatch::take() {
  MountPoints now;
  for (auto& [device, points] : find_users_mounts(text_of("/proc/self/mountinfo"), text_of("/etc/fstab"), text_of("/run/mount/utab"))) {
    std::vector<std::string>& all = now[device.starts_with('/') ? block_number(device) : device];
    all.insert(all.end(), points.begin(), points.end());
  }
  const MountPoints before = std::exchange(points_, std::move(now));
  std::set<std::string> changed;
  const auto note = [&](const MountPoints& these, const MountPoints& others) {
    for (const auto& [device, points] : these) {
      const auto other = others.find(device);
      if (other == others.end() || other->second != points) changed.insert(device);
    }
  };
  note(before, points_);
  note(points_, before);
  return {changed.begin(), changed.end()};
}

std::vector<std::string> MountWatch::points_of(const std::string& device) const {
  const auto found = points_.find(device);
  return found == points_.end() ? std::vector<std::string>() : found->second;
}

}  // namespace caretaker::platform
