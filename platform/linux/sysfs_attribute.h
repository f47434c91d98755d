// One attribute of the kernel's tree of devices.
#pragma once

#include <filesystem>
#include <string_view>

#include "platform/base/result.h"

namespace caretaker::platform {

[[nodiscard]] Status write_attribute(const std::filesystem::path& path, std::string_view value);

}  // namespace caretaker::platform
