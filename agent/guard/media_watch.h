// Waits for removable volumes on a thread of its own, has each looked at, and hands over what was found as values: neither a
// slow stick nor a broken one holds the guard up.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "agent/guard/second_looks.h"
#include "platform/volumes.h"

namespace caretaker::agent {

struct Sighting {
  platform::VolumeChange change;
  VolumeContent content;  // of one that was seen
};

class MediaWatch {
 public:
  // `wake` is called on the thread whenever something is there to take. kUnavailable: there is no udev.
  // `inspector`: the program that looks at each (agent/volume).
  [[nodiscard]] static Result<std::unique_ptr<MediaWatch>> start(const std::filesystem::path& inspector, std::function<void()> wake);
  MediaWatch(const MediaWatch&) = delete;
  MediaWatch& operator=(const MediaWatch&) = delete;
  ~MediaWatch();  // waits for a look that is being taken, forty seconds at most

  [[nodiscard]] std::vector<Sighting> take();  // in the order in which it happened
  // Nobody watches any more: what is there may change and nobody would see it.
  [[nodiscard]] bool has_ended() const { return has_ended_; }

 private:
  MediaWatch(platform::VolumeWatcher watcher, std::filesystem::path inspector, std::function<void()> wake)
      : watcher_(std::move(watcher)), inspector_(std::move(inspector)), wake_(std::move(wake)) {}
  void run();
  void look_at(const std::vector<platform::VolumeChange>& changes);

  platform::VolumeWatcher watcher_;
  std::filesystem::path inspector_;
  SecondLooks second_looks_;
  std::function<void()> wake_;
  std::atomic<bool> closing_{false};
  std::atomic<bool> has_ended_{false};
  std::mutex mutex_;
  std::vector<Sighting> found_;  // under mutex_
  std::thread thread_;
};

}  // namespace caretaker::agent
