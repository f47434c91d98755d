// Which device nodes somebody had open for writing and has closed (inotify(7)): what is on them may be something else now. udev says
// the same, but looks away from a node while it is busy with it, and what is closed then it does not see. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "platform/base/result.h"
#include "platform/files.h"

namespace caretaker::platform {

class NodeWatch {
 public:
  [[nodiscard]] static Result<NodeWatch> open();
  // Until the node is removed; once more does nothing. One that cannot be watched is left to udev.
  void watch(const std::filesystem::path& node);
  // Readable when take() has something.
  [[nodiscard]] int fd() const { return inotify_.fd(); }
  // Those closed since the last call, without waiting; all of them when there were too many to tell.
  [[nodiscard]] std::vector<std::filesystem::path> take();

 private:
  explicit NodeWatch(OpenFile inotify) : inotify_(std::move(inotify)) {}
  OpenFile inotify_;
  std::map<int, std::filesystem::path> nodes_;  // by watch descriptor
};

}  // namespace caretaker::platform
