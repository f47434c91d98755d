#include "platform/linux/posture_programs.h"

#include <algorithm>
#include <array>

#include "platform/clamav_header.h"
#include "platform/files.h"

namespace caretaker::platform {
namespace {

constexpr std::array kScanners = {"usr/sbin/clamd", "usr/bin/clamscan"};
constexpr std::array kSignatures = {"daily.cld", "daily.cvd"};
constexpr std::size_t kHeader = 512;
// Desktops that lock by themselves, and lockers for those that do not.
constexpr std::array kLockers = {
    "usr/bin/gnome-shell", "usr/libexec/kscreenlocker_greet", "usr/lib/x86_64-linux-gnu/libexec/kscreenlocker_greet",
    "usr/bin/cinnamon-screensaver", "usr/bin/mate-screensaver", "usr/bin/xfce4-screensaver", "usr/bin/light-locker",
    "usr/bin/swaylock", "usr/bin/i3lock", "usr/bin/xscreensaver", "usr/bin/xsecurelock", "usr/bin/slock"};

template <std::size_t N>
bool has_any(const std::filesystem::path& root, const std::array<const char*, N>& programs) {
  std::error_code ignored;
  return std::ranges::any_of(programs, [&](const char* program) { return std::filesystem::exists(root / program, ignored); });
}

}  // namespace

bool has_scanner(const std::filesystem::path& root) { return has_any(root, kScanners); }
bool has_locker(const std::filesystem::path& root) { return has_any(root, kLockers); }

std::optional<UnixSeconds> newest_signatures(const std::filesystem::path& root) {
  std::optional<UnixSeconds> newest;
  for (const char* name : kSignatures) {
    Bytes start(kHeader);
    if (!read_part(root / "var/lib/clamav" / name, 0, start)) continue;
    const auto built = parse_clamav_build_time(start);
    if (built && (!newest || *built > *newest)) newest = *built;
  }
  return newest;
}

}  // namespace caretaker::platform
