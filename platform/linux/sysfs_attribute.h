// One attribute of the kernel's tree of devices.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "platform/base/result.h"
#include "platform/files.h"

namespace caretaker::platform {

// `place`: its folder, held open (O_PATH): then it is that thing's, or nothing any more, whatever comes to the same path.
[[nodiscard]] Status write_attribute(const OpenFile& place, const char* name, std::string_view value);
// Without the end of the line; empty where there is none.
[[nodiscard]] std::string read_attribute(const OpenFile& place, const char* name);
[[nodiscard]] Status write_attribute(const std::filesystem::path& path, std::string_view value);

}  // namespace caretaker::platform
