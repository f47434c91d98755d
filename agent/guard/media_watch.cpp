#include "agent/guard/media_watch.h"

#include <algorithm>

#include "platform/base/log.h"
#include "platform/volume_inspector.h"

namespace caretaker::agent {
namespace {

using platform::VolumeChange;

constexpr std::string_view kGaveUp = "gave-up";
constexpr int kInspectionMs = 10'000;
constexpr int kSecondInspectionMs = 30'000;  // a machine that has much else to do is slow as well, and the verdict would last

VolumeContent look(const std::filesystem::path& inspector, const VolumeChange& change) {
  if (change.what != VolumeChange::What::kSeen) return {};
  if (change.volume.identity.medium == Medium::kPhone) return {Encryption::kUnknown, "", "phone", ""};
  VolumeContent content = platform::inspect_apart(inspector, change.volume.node, kInspectionMs);
  if (content.reason == kGaveUp) content = platform::inspect_apart(inspector, change.volume.node, kSecondInspectionMs);
  return content;
}

}  // namespace

Result<std::unique_ptr<MediaWatch>> MediaWatch::start(const std::filesystem::path& inspector, std::function<void()> wake) {
  TRY(watcher, platform::VolumeWatcher::open());
  std::unique_ptr<MediaWatch> watch(new MediaWatch(std::move(watcher), inspector, std::move(wake)));
  watch->thread_ = std::thread([raw = watch.get()] { raw->run(); });
  return watch;
}

MediaWatch::~MediaWatch() {
  closing_ = true;
  watcher_.wake();
  if (thread_.joinable()) thread_.join();
}

std::vector<Sighting> MediaWatch::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(found_, {});
}

void MediaWatch::run() {
  while (!closing_) {
    for (const auto& node : second_looks_.take_due(system_clock().monotonic_ms())) watcher_.see_again(node);
    const auto changes = watcher_.wait(second_looks_.left_ms(system_clock().monotonic_ms()));
    if (!changes) {
      log_error("media", "no longer watched: " + changes.error().message);
      has_ended_ = true;
      return wake_();
    }
    look_at(*changes);
  }
}

void MediaWatch::look_at(const std::vector<VolumeChange>& changes) {
  for (auto change = changes.begin(); change != changes.end() && !closing_; ++change) {
    const auto same = [&](const VolumeChange& later) { return later.volume.id == change->volume.id; };
    // Only how it is now counts; that it is mounted says nothing of what is on it.
    const bool is_mount = change->what == VolumeChange::What::kMounted;
    const auto replaced = [&](const VolumeChange& later) { return same(later) && (is_mount || later.what != VolumeChange::What::kMounted); };
    if (std::any_of(change + 1, changes.end(), replaced)) continue;
    Sighting sighting{*change, look(inspector_, *change)};
    if (!is_mount) second_looks_.note(*change, sighting.content.reason == kGaveUp, system_clock().monotonic_ms());
    {
      const std::lock_guard lock(mutex_);
      found_.push_back(std::move(sighting));
    }
    wake_();
  }
}

}  // namespace caretaker::agent
