// What a file system as a whole says of itself. Any thread.
#pragma once

#include <filesystem>

namespace caretaker::platform {

// It takes no changes: so it was mounted, or so it became after an error of the disk.
[[nodiscard]] bool is_read_only(const std::filesystem::path& folder);

}  // namespace caretaker::platform
