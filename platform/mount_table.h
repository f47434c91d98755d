// The kernel's table of mounts, /proc/PID/mountinfo (proc_pid_mountinfo(5)). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.h"

namespace caretaker::platform {

struct Mount {
  std::string device;  // "8:1", "0:45"
  std::string root;    // what of the file system is mounted there: "/" is all of it
  std::string point;   // with its escapes undone
  std::string type;    // "ext4", "fuse.sshfs"
  std::string source;  // "/dev/sda1"; what the file system likes, where it has no device
  std::uint64_t id = 0;  // of the mount, as statx(2) says it of a path
};
// "\040" is a space: also in fstab(5).
[[nodiscard]] std::string undo_mount_escapes(std::string_view text);
// Lines that are not of the form are left out.
[[nodiscard]] std::vector<Mount> parse_mounts(std::string_view text);
// For whoever must not miss one. kDamaged: a line that is not of the form, or none at all; then nothing of it is to be trusted.
[[nodiscard]] Result<std::vector<Mount>> parse_all_mounts(std::string_view text);

// Whether files that somebody wrote can lie there and be run. Not those of the kernel's own making; nor those that a process of a user's
// answers for (FUSE): to open a file there, as a listener has to, is to wait for that process.
[[nodiscard]] bool may_hold_programs(const Mount& mount);
// Where the volume `device` ("8:1") is mounted to start the machine: "/boot", "/efi", ... Empty: nowhere, or only a folder of it is (a bind
// mount), or it is the system itself.
[[nodiscard]] std::string starts_machine_at(const std::vector<Mount>& mounts, std::string_view device);
// Whether what is written there may end up on another machine: also what goes through a program of somebody's (FUSE), which may lead
// anywhere; not "fuseblk", which has a disk behind it.
[[nodiscard]] bool is_network_file_system(const Mount& mount);

}  // namespace caretaker::platform
