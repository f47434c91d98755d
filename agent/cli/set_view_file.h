// A compiled set on a technician's machine.
#pragma once

#include <filesystem>

#include "platform/files.h"
#include "policy/set_file.h"

namespace caretaker::agent {

struct SetViewFile {
  platform::MappedFile file;
  policy::SetView view;  // looks into `file`
};
[[nodiscard]] Result<SetViewFile> open_set_file(const std::filesystem::path& path);

}  // namespace caretaker::agent
