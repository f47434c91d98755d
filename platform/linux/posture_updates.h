// How fresh the system's own updates are, by what apt and unattended-upgrades leave behind.
#pragma once

#include <filesystem>
#include <optional>

#include "platform/base/clock.h"

namespace caretaker::platform {

// When the package lists were last fetched; nullopt: never, or this is no Debian.
[[nodiscard]] std::optional<UnixSeconds> updates_asked(const std::filesystem::path& root);
[[nodiscard]] std::optional<UnixSeconds> restart_due_since(const std::filesystem::path& root);

}  // namespace caretaker::platform
