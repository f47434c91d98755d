// What is installed: virus scanner and its signatures, screen lockers.
#pragma once

#include <filesystem>
#include <optional>

#include "platform/base/clock.h"

namespace caretaker::platform {

[[nodiscard]] bool has_scanner(const std::filesystem::path& root);
[[nodiscard]] std::optional<UnixSeconds> newest_signatures(const std::filesystem::path& root);
[[nodiscard]] bool has_locker(const std::filesystem::path& root);

}  // namespace caretaker::platform
