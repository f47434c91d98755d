// Whether somebody has set this whole machine's desktops not to lock.
#pragma once

#include <filesystem>
#include <string_view>

namespace caretaker::platform {

// An administrator's files: dconf's and GSettings' defaults (GNOME, Cinnamon, MATE) and KDE's. What a user sets for themselves lies
// in their home, where the guard does not look.
[[nodiscard]] bool is_locking_switched_off(const std::filesystem::path& root);

// One such file's text: the last word on each setting counts.
[[nodiscard]] bool says_not_to_lock(std::string_view text);

}  // namespace caretaker::platform
