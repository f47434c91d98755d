// What can be told of a file that is about to be run, and of the process that runs it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "platform/base/clock.h"

namespace caretaker::platform {

// Begins as a program that is loaded together with a loader (ELF with an interpreter): the kernel opens that one next.
[[nodiscard]] bool names_a_loader(int fd);
// The file's last name, as it is mounted where it runs.
[[nodiscard]] std::string file_name_of(int fd);
// By that name: ld-linux-x86-64.so.2, ld-musl-x86_64.so.1, ld.so.
[[nodiscard]] bool is_loader_name(const std::string& name);
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
