#include "platform/node_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cstring>
#include <set>

#include "platform/linux/posix_error.h"

namespace caretaker::platform {

Result<NodeWatch> NodeWatch::open() {
  OpenFile inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.is_open()) return posix_error(errno, "inotify");
  return NodeWatch(std::move(inotify));
}

void NodeWatch::watch(const std::filesystem::path& node) {
  const int watch = ::inotify_add_watch(inotify_.fd(), node.c_str(), IN_CLOSE_WRITE | IN_DONT_FOLLOW);
  if (watch >= 0) nodes_[watch] = node;
}

std::vector<std::filesystem::path> NodeWatch::take() {
  std::set<std::filesystem::path> closed;
  alignas(inotify_event) char buffer[4096];
  for (ssize_t size = 0; (size = ::read(inotify_.fd(), buffer, sizeof buffer)) > 0;) {
    for (ssize_t at = 0; at < size;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof event);
      at += static_cast<ssize_t>(sizeof event + event.len);
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        for (const auto& [watch, node] : nodes_) closed.insert(node);
      }
      const auto known = nodes_.find(event.wd);
      if (known == nodes_.end()) continue;
      if ((event.mask & IN_CLOSE_WRITE) != 0) closed.insert(known->second);
      if ((event.mask & IN_IGNORED) != 0) nodes_.erase(known);
    }
  }
  return {closed.begin(), closed.end()};
}

}  // namespace caretaker::platform
