// What can be told of a file that is about to be run, and of the process that runs it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "platform/base/clock.h"
#include "platform/program_kind.h"

namespace caretaker::platform {

[[nodiscard]] ProgramKind kind_of_program(int fd);
// The file's last name, as it is mounted where it runs.
[[nodiscard]] std::string file_name_of(int fd);
// The real user of a process.
[[nodiscard]] std::optional<std::uint32_t> real_uid_of(std::int32_t pid);

// Whether file systems are of a medium, an image or a program of somebody's own: what these say of owners means nothing.
class BroughtFileSystems {
 public:
  [[nodiscard]] bool contains(int fd, dev_t device, MonotonicMs now);

 private:
  struct Known {
    bool brought = false;
    MonotonicMs until = 0;
  };
  std::map<dev_t, Known> known_;
};

}  // namespace caretaker::platform
