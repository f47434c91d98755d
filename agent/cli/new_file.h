// Files that must not replace another: keys, tokens, backups.
#pragma once

#include <filesystem>

#include "platform/files.h"

namespace caretaker::agent {

// kConflict where something of this name is there already.
[[nodiscard]] inline Status check_new_file(const std::filesystem::path& path) {
  const auto there = platform::file_size(path);
  if (!there && there.error().code == ErrorCode::kNotFound) return ok();
  return make_error(ErrorCode::kConflict, path.string() + " is there already, and would be lost: choose another name, or move it away");
}

}  // namespace caretaker::agent
