// What is mounted for users, as it changes. Port: /proc/self/mountinfo on Linux. That a node is root's alone does not keep mount(8) from mounting
// it for others: it asks fstab whether they may. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "platform/files.h"

namespace caretaker::platform {

// By device: where it is mounted. "8:17", or the node's name where the file system has a number of its own (btrfs).
using MountPoints = std::map<std::string, std::vector<std::string>>;

// Of a mount table those that somebody else than root has made, or could have: fstab says that users may, or that it is mounted when somebody
// looks; libmount's own notes (utab) name a user or a helper such as udisks; or it lies where helpers mount. What root has mounted is
// root's.
[[nodiscard]] MountPoints find_users_mounts(std::string_view mountinfo, std::string_view fstab, std::string_view utab);
// "8:17", as the mount table has it; empty: no block device.
[[nodiscard]] std::string block_number(const std::filesystem::path& node);

class MountWatch {
 public:
  [[nodiscard]] static Result<MountWatch> open();
  // Has POLLPRI when take() has something.
  [[nodiscard]] int fd() const { return table_.fd(); }
  // The devices whose mounts are others than at the last call, by number.
  [[nodiscard]] std::vector<std::string> take();
  [[nodiscard]] std::vector<std::string> points_of(const std::string& device) const;  // by number

 private:
  explicit MountWatch(OpenFile table) : table_(std::move(table)) {}
  OpenFile table_;
  MountPoints points_;
};

}  // namespace caretaker::platform
