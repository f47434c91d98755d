#include "platform/file_system.h"

#include <sys/statvfs.h>

namespace caretaker::platform {

bool is_read_only(const std::filesystem::path& folder) {
  struct statvfs facts {};
  return ::statvfs(folder.c_str(), &facts) == 0 && (facts.f_flag & ST_RDONLY) != 0;
}

}  // namespace caretaker::platform
