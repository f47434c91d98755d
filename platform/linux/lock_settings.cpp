#include "platform/linux/lock_settings.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "platform/base/text.h"
#include "platform/files.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxFile = 64 * 1024;
constexpr std::size_t kMaxFiles = 256;

struct OffSetting {
  std::string_view section, key, value;
};
// Sections as dconf writes them; GSettings' overrides have dots for slashes.
constexpr std::array kOff = {
    OffSetting{"org/gnome/desktop/screensaver", "lock-enabled", "false"},
    OffSetting{"org/gnome/desktop/lockdown", "disable-lock-screen", "true"},
    OffSetting{"org/cinnamon/desktop/screensaver", "lock-enabled", "false"},
    OffSetting{"org/cinnamon/desktop/lockdown", "disable-lock-screen", "true"},
    OffSetting{"org/mate/screensaver", "lock-enabled", "false"},
    OffSetting{"org/mate/desktop/lockdown", "disable-lock-screen", "true"},
    OffSetting{"Daemon", "Autolock", "false"},
};

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder, std::string_view ending) {
  std::vector<std::filesystem::path> out;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    if (out.size() < kMaxFiles && entry.path().filename().string().ends_with(ending)) out.push_back(entry.path());
  }
  std::ranges::sort(out);  // as dconf and GSettings read them: the later name wins
  return out;
}

std::vector<std::filesystem::path> settings_files(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> out = files_in(root / "usr/share/glib-2.0/schemas", ".gschema.override");
  for (const auto& folder : files_in(root / "etc/dconf/db", ".d")) {
    for (auto& file : files_in(folder, "")) out.push_back(std::move(file));
  }
  out.push_back(root / "etc/xdg/kscreenlockerrc");
  return out;
}

}  // namespace

bool says_not_to_lock(std::string_view text) {
  std::map<const OffSetting*, bool> off;
  std::string section;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('[') && line.ends_with(']')) {
      section = line.substr(1, line.size() - 2);
      section.erase(std::min(section.find(':'), section.size()));  // "[org.gnome...:GNOME]": for that desktop
      std::ranges::replace(section, '.', '/');
    }
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    for (const OffSetting& setting : kOff) {
      if (section == setting.section && trim(line.substr(0, equals)) == setting.key) {
        off[&setting] = trim(line.substr(equals + 1)) == setting.value;
      }
    }
  }
  return std::ranges::any_of(off, [](const auto& entry) { return entry.second; });
}

bool is_locking_switched_off(const std::filesystem::path& root) {
  std::string all;
  for (const auto& file : settings_files(root)) {
    const auto bytes = read_file(file, kMaxFile);
    if (bytes) all.append(as_text(*bytes)).append("\n[]\n");
  }
  return says_not_to_lock(all);
}

}  // namespace caretaker::platform
