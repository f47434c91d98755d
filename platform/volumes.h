// Removable volumes as they come and go, and the gate before them. Ports: udev on Linux.
//
// Default-deny does not hang on us: installer/udev/*-caretaker-media.rules mark what is removable (CARETAKER_MEDIUM) and keep it
// from everybody but root, at boot, on each arrival and after each change, until the gate lets it through.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/result.h"
#include "platform/base/volume_facts.h"

namespace caretaker::platform {

enum class VolumeAccess { kNone, kReadOnly, kWhole };

// A disk, a partition of one, a disc, or a phone.
struct Volume {
  std::string id;              // where it is in the system's tree of devices, "/devices/..."; the next thing there may have the same
  std::filesystem::path node;  // "/dev/sdb1"
  MediumIdentity identity;
  VolumeAccess access = VolumeAccess::kNone;  // what the gate gave it, and no change has taken away since
  // Which of the things that were at this place one after the other: the kernel's number of a disk (diskseq, since Linux 5.15; another medium in the
  // same drive has another), or of a thing on its bus. Empty: the kernel does not say.
  std::string number = {};
};

struct VolumeChange {
  // Seen: it came, or something about it changed: whatever was known of it is not true any more. Mounted: by users, or no more.
  enum class What { kSeen, kGone, kMounted };
  What what = What::kSeen;
  Volume volume;                         // of one that is gone only the id
  std::vector<std::string> mounts = {};  // where it is mounted now by somebody else than root
};

// Everything that is there already, and from then on each change. One thread, but for wake().
class VolumeWatcher {
 public:
  [[nodiscard]] static Result<VolumeWatcher> open();
  VolumeWatcher(VolumeWatcher&&) noexcept;
  VolumeWatcher& operator=(VolumeWatcher&&) noexcept;
  ~VolumeWatcher();
  // Waits for the next changes, for wake(), or for `limit_ms` (-1: without end): then there may be none.
  [[nodiscard]] Result<std::vector<VolumeChange>> wait(int limit_ms);
  // What is at this node now is among the next changes, as if it had just been seen.
  void see_again(const std::filesystem::path& node);
  void wake() const;  // any thread

 private:
  struct State;
  explicit VolumeWatcher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What only root may do with volumes.
class VolumeGate {
 public:
  virtual ~VolumeGate() = default;
  // After an error nobody has more access than before. kConflict: another thing is at that place now.
  [[nodiscard]] virtual Status apply(const Volume& volume, VolumeAccess access) = 0;
  // Ends what somebody has open or mounted already, by taking the thing's storage away as if it were unplugged (a keyboard in the
  // same thing stays). kUnsupported: it is not on USB.
  [[nodiscard]] virtual Status cut(const Volume& volume) = 0;
};
// Takes a mount out of the tree of folders, whoever uses it; what is open in it stays open. It says only that it was asked for.
[[nodiscard]] std::function<Status(const std::string& point)> make_unmounter();
// `root` stands in front of /sys.
[[nodiscard]] std::unique_ptr<VolumeGate> make_volume_gate(std::filesystem::path root = "/");

}  // namespace caretaker::platform
