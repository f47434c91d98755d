// How the machine itself is kept. Port: sysfs and the disk's own header, files that programs leave, and netfilter on Linux.
#pragma once

#include <filesystem>
#include <functional>

#include "platform/base/posture_facts.h"
#include "platform/base/volume_facts.h"

namespace caretaker::platform {

struct PostureSources {
  std::filesystem::path root = "/";   // stands in front of every path
  std::filesystem::path state;        // our own folder
  std::filesystem::path firewall;     // what probe_firewall() has written
  std::function<VolumeContent(const std::filesystem::path& node)> inspect;  // a disk's own header
  MonotonicMs now = 0;
};
// Blocks for as long as `inspect` does. What cannot be found out is unknown, or not there.
[[nodiscard]] PostureFacts find_posture(const PostureSources& sources);

// The firewall can be seen by a process with power over the network alone, and the guard has none: that is this program once more, with
// the argument kProbeFirewallArgument and a path, started now and then by the service manager. It asks the kernel, not a setting.
inline constexpr std::string_view kProbeFirewallArgument = "--probe-firewall";
[[nodiscard]] Status probe_firewall(const std::filesystem::path& to, MonotonicMs now);

}  // namespace caretaker::platform
