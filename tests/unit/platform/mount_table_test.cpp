#include "platform/mount_table.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::platform;

namespace {

constexpr const char* kTable =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "30 22 0:25 / /proc rw shared:2 - proc proc rw\n"
    "31 22 0:40 /sub /run/user/1000/a\\040b rw,nosuid - tmpfs tmpfs rw\n"
    "32 22 0:41 / /srv/remote rw master:3 propagate_from:1 - fuse.sshfs x rw\n"
    "rubbish\n"
    "33 22 0:42 / - - - -\n"
    "34 22 8:17 / /media/stick rw - fuseblk /dev/sdb1 rw";

}  // namespace

TEST_CASE("mounts are read with their escapes, and lines of another form are left out", "[R12]") {
  const auto mounts = parse_mounts(kTable);
  REQUIRE(mounts.size() == 5);
  CHECK(mounts[0].device == "8:1");
  CHECK(mounts[1].id == 30);
  CHECK(mounts[0].root == "/");
  CHECK(mounts[2].root == "/sub");
  CHECK(mounts[2].point == "/run/user/1000/a b");
  CHECK(mounts[2].type == "tmpfs");
  CHECK(mounts[3].type == "fuse.sshfs");
  CHECK(mounts[4].source == "/dev/sdb1");
  CHECK(parse_mounts("").empty());
  CHECK(parse_mounts("1 2 3").empty());
}

TEST_CASE("programs are watched where files can lie, and not where a user's process would have to answer", "[R12]") {
  const auto mounts = parse_mounts(kTable);
  CHECK(may_hold_programs(mounts[0]));
  CHECK_FALSE(may_hold_programs(mounts[1]));
  CHECK(may_hold_programs(mounts[2]));
  CHECK_FALSE(may_hold_programs(mounts[3]));
  CHECK(may_hold_programs(mounts[4]));
}

TEST_CASE("whoever erases reads the whole table of mounts or none of it", "[R22]") {
  CHECK(parse_all_mounts(kTable).error().code == ErrorCode::kDamaged);
  CHECK(parse_all_mounts("").error().code == ErrorCode::kDamaged);
  CHECK(parse_all_mounts("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\n").error().code == ErrorCode::kDamaged);
  const auto mounts = parse_all_mounts("22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n30 22 0:50 / /home rw - nfs4 school:/home rw\n");
  REQUIRE(mounts);
  CHECK(mounts->size() == 2);
}

TEST_CASE("a wipe leaves every file system that may be the network's, whatever program is behind it", "[R22]") {
  const auto is_left = [](const char* type) { return is_network_file_system({"0:50", "/", "/home", type, "x"}); };
  for (const char* type : {"nfs4", "cifs", "smb3", "9p", "ceph", "virtiofs", "fuse.sshfs", "fuse.rclone", "fuse.gvfsd-fuse"}) CHECK(is_left(type));
  for (const char* type : {"ext4", "btrfs", "fuseblk", "tmpfs", "vfat"}) CHECK_FALSE(is_left(type));
}

TEST_CASE("what starts the machine is told from the system itself, and from a folder that is mounted in its place", "[R22]") {
  const auto starts = [](const char* table) { return starts_machine_at(parse_mounts(table), "8:1"); };
  CHECK(starts("22 1 8:2 / / rw - ext4 /dev/sda2 rw\n23 22 8:1 / /boot rw - ext4 /dev/sda1 rw\n") == "/boot");
  CHECK(starts("23 22 8:1 / /boot/efi rw - vfat /dev/sda1 rw\n") == "/boot/efi");
  CHECK(starts("23 22 8:1 / /boot rw - ext4 /dev/sda1 rw\n24 22 8:1 / /mnt rw - ext4 /dev/sda1 rw\n") == "/boot");
  CHECK(starts("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 8:1 /boot /boot rw - ext4 /dev/sda1 rw\n").empty());
  CHECK(starts("22 1 8:1 /@ / rw - btrfs /dev/sda1 rw\n23 22 8:1 /@boot /boot rw - btrfs /dev/sda1 rw\n").empty());
  CHECK(starts("23 22 8:1 / /boot rw - ext4 /dev/sda1 rw\n22 1 8:1 / / rw - ext4 /dev/sda1 rw\n").empty());
  CHECK(starts("23 22 8:2 / /boot rw - ext4 /dev/sda2 rw\n").empty());
}
