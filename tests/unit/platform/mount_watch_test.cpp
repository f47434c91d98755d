#include "platform/mount_watch.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace caretaker::platform;

namespace {

constexpr const char* kTable =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "30 22 8:2 / /home rw - ext4 /dev/sda2 rw\n"
    "31 22 11:0 / /media/cdrom0 ro,nosuid,nodev,noexec - iso9660 /dev/sr0 ro\n"
    "32 22 8:17 / /srv/a\\040stick rw,nosuid,nodev,noexec - vfat /dev/sdb1 rw\n"
    "33 22 8:33 / /srv/roots rw - vfat /dev/sdc1 rw\n"
    "34 22 8:49 / /srv/seen rw - vfat /dev/sdd1 rw\n"
    "35 22 8:17 / /run/media/anna/STICK rw - vfat /dev/sdb1 rw\n"
    "36 22 8:65 / /opt/here rw - vfat /dev/sde1 rw\n";
constexpr const char* kFstab =
    "# <file system> <mount point> <type> <options>\n"
    "UUID=1 / ext4 errors=remount-ro 0 1\n"
    "UUID=2 /home ext4 defaults 0 2\n"
    "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n"
    "/dev/sdb1\t/srv/a\\040stick auto rw,users,noauto 0 0\n"
    "/dev/sdd1 /srv/seen auto noauto,x-systemd.automount 0 0\n"
    "/dev/sdc1 /srv/roots vfat noauto,nouser 0 0\n";

enum class Seen { kAll, kMayNotMount, kNoWatch, kNotTold, kNotFound, kNotGone };

bool is_told(const MountWatch& watch) {
  pollfd file = {watch.fd(), POLLPRI, 0};
  return ::poll(&file, 1, 1000) == 1;
}

// In a process that has mounts of its own.
Seen watch_one_come_and_go() {
  const bool may_mount = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         ::mount("none", "/media", "tmpfs", 0, nullptr) == 0 && ::mkdir("/media/there", 0700) == 0;
  if (!may_mount) return Seen::kMayNotMount;
  auto watch = MountWatch::open();
  if (!watch) return Seen::kNoWatch;
  (void)watch->take();
  if (is_told(*watch)) return Seen::kNotFound;  // nothing has happened
  if (::mount("none", "/media/there", "tmpfs", 0, nullptr) != 0) return Seen::kMayNotMount;
  if (!is_told(*watch)) return Seen::kNotTold;
  const auto changed = watch->take();
  if (changed.size() != 1 || watch->points_of(changed[0]) != std::vector<std::string>{"/media/there"}) return Seen::kNotFound;
  if (::umount("/media/there") != 0 || !is_told(*watch)) return Seen::kNotTold;
  return watch->take() == changed && watch->points_of(changed[0]).empty() ? Seen::kAll : Seen::kNotGone;
}

}  // namespace

TEST_CASE("what users have mounted, or could have, is told from what root has", "[R2]") {
  const auto found = find_users_mounts(kTable, kFstab, "");
  CHECK(found == MountPoints{{"11:0", {"/media/cdrom0"}}, {"8:17", {"/srv/a stick", "/run/media/anna/STICK"}}, {"8:49", {"/srv/seen"}}});
}

TEST_CASE("who mounted what fstab says nothing of is in the notes of mount", "[R2]") {
  const char* notes = "SRC=/dev/sde1 TARGET=/opt/here ROOT=/ OPTS=uhelper=udisks2\nSRC=/dev/sdc1 TARGET=/srv/roots ROOT=/ OPTS=_netdev\n";
  CHECK(find_users_mounts(kTable, "", notes).contains("8:65"));
  CHECK_FALSE(find_users_mounts(kTable, "", notes).contains("8:33"));
  CHECK(find_users_mounts(kTable, "", "SRC=/dev/sdc1 TARGET=/srv/roots ROOT=/ OPTS=user=anna\n").contains("8:33"));
}

TEST_CASE("a file system that has a number of its own is found by its node", "[R2]") {
  const char* table =
      "37 22 0:45 /@ /media/anna/BTRFS rw - btrfs /dev/sdf1 rw\n"
      "38 22 0:46 / /media/anna/net rw - fuse.sshfs anna@host: rw\n";
  CHECK(find_users_mounts(table, "", "") == MountPoints{{"/dev/sdf1", {"/media/anna/BTRFS"}}, {"0:46", {"/media/anna/net"}}});
  CHECK(block_number("/dev/null").empty());
  CHECK(block_number("/dev/there-is-none").empty());
}

TEST_CASE("tables that are not understood hold nothing, and the system's own disk is never a user's", "[R2]") {
  CHECK(find_users_mounts("rubbish\n1 2 3\n", "x\n\n# /media/\n", "TARGET=\nOPTS=user=\n").empty());
  const auto found = find_users_mounts(kTable, kFstab, "");
  CHECK_FALSE(found.contains("8:1"));
  CHECK_FALSE(found.contains("8:2"));
}

TEST_CASE("the machine's own mount table can be read, and what has not changed is no news") {
  auto watch = MountWatch::open();
  REQUIRE(watch);
  (void)watch->take();
  CHECK(watch->take().empty());
}

TEST_CASE("the kernel tells of a mount as it comes and goes", "[R2]") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(static_cast<int>(watch_one_come_and_go()));
  int ended = 0;
  REQUIRE(::waitpid(child, &ended, 0) == child);
  REQUIRE(WIFEXITED(ended));
  const auto seen = static_cast<Seen>(WEXITSTATUS(ended));
  if (seen == Seen::kMayNotMount) {
    WARN("skipped: this process may not mount");
    return;
  }
  CHECK(seen == Seen::kAll);
}
