// What resolver_settings.cpp goes through: a file for each mechanism.
#pragma once

#include <filesystem>

#include "platform/base/result.h"

namespace caretaker::platform {

// glibc's name service switch. Keeps the file that it finds.
[[nodiscard]] Status take_nsswitch(const std::filesystem::path& root, const std::filesystem::path& kept);
[[nodiscard]] Status restore_nsswitch(const std::filesystem::path& root, const std::filesystem::path& kept);
// systemd-resolved, NetworkManager: a file beside their own settings, in /run, which is made anew at each start.
[[nodiscard]] Status take_resolved(const std::filesystem::path& root);
[[nodiscard]] Status restore_resolved(const std::filesystem::path& root);
[[nodiscard]] Status take_network_manager(const std::filesystem::path& root);
[[nodiscard]] Status restore_network_manager(const std::filesystem::path& root);

}  // namespace caretaker::platform
