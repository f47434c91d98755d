// Which disks a wipe would destroy, by trees of sysfs as different machines have them.
#include "platform/eraser_disks.h"

#include <catch2/catch.hpp>

#include "platform/files.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::platform;
namespace fs = std::filesystem;

namespace {

struct Machine {
  TemporaryFolder folder;

  void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    REQUIRE(replace_file(file, as_bytes(text + "\n"), 0600));
  }
  // `path` from /sys/devices on.
  fs::path add(const std::string& path, const std::string& removable = "0") {
    const fs::path device = folder / "sys" / "devices" / path;
    write(device / "size", "2048");
    write(device / "removable", removable);
    fs::create_directories(folder / "sys" / "class/block");
    fs::create_directory_symlink(device, folder / "sys" / "class/block" / device.filename());
    return device;
  }
  void add_partition(const fs::path& disk, const std::string& name) {
    write(disk / name / "size", "1024");
    write(disk / name / "partition", "1");
    fs::create_directory_symlink(disk / name, folder / "sys" / "class/block" / name);
  }
  static void add_slave(const fs::path& array, const fs::path& part) {
    fs::create_directories(array / "slaves");
    fs::create_directory_symlink(part, array / "slaves" / part.filename());
  }
  std::vector<std::string> found() {
    const auto volumes = find_volumes(folder / "sys", folder / "dev");
    REQUIRE(volumes);
    std::vector<std::string> nodes;
    for (const DiskVolume& volume : *volumes) nodes.push_back(volume.target.node);
    return nodes;
  }
};

using Nodes = std::vector<std::string>;

}  // namespace

TEST_CASE("a wipe means the machine's own disks, by partition where there are some", "[R22]") {
  Machine machine;
  machine.add_partition(machine.add("pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda"), "sda1");
  machine.add("pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1");
  machine.add("pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0");
  CHECK(machine.found() == Nodes{"/dev/mmcblk0", "/dev/nvme0n1", "/dev/sda1"});
}

TEST_CASE("a wipe never means a stick, or a disk that another machine lends", "[R22]") {
  for (const char* path : {
           "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host1/target1:0:0/1:0:0:0/block/sdb",
           "platform/host3/session1/target3:0:0/3:0:0:1/block/sdc",
           "pci0000:00/0000:03:00.0/0000:04:00.0/host4/session2/target4:0:0/4:0:0:1/block/sdc",
           "pci0000:00/0000:05:00.0/host5/rport-5:0-1/target5:0:0/5:0:0:1/block/sdd",
           "virtual/nvme-fabrics/ctl/nvme1/nvme1n1",
           "virtual/block/nbd0",
           "virtual/block/drbd1",
           "virtual/rnbd-client/ctl/rnbd0",
           "rbd/0/block/rbd0",
           "virtual/block/loop0",
       }) {
    CAPTURE(path);
    Machine machine;
    machine.add("pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1");
    machine.add(path);
    machine.add("pci0000:00/0000:01:00.1/ata2/host9/target9:0:0/9:0:0:0/block/sdz", "1");  // removable
    CHECK(machine.found() == Nodes{"/dev/nvme0n1"});
  }
}

TEST_CASE("a wipe never means a card in a slot or a disk on an outside port, and means the disk that is soldered in", "[R22]") {
  const std::string host = "pci0000:00/0000:00:1a.0/mmc_host/mmc0/";
  const auto found_with = [&](const std::string& type, const std::string& rpmb, const std::string& removable) {
    Machine machine;
    const fs::path disk = machine.add(host + "mmc0:aaaa/block/mmcblk0");
    const fs::path card = machine.folder / "sys" / "devices" / host / "mmc0:aaaa";
    machine.write(card / "type", type);
    if (!rpmb.empty()) machine.write(card / "raw_rpmb_size_mult", rpmb);
    if (!removable.empty()) machine.write(card / "removable", removable);
    fs::create_directory_symlink(card, disk / "device");
    return machine.found();
  };
  CHECK(found_with("SD", "", "").empty());
  CHECK(found_with("SDcombo", "", "").empty());
  CHECK(found_with("MMC", "0", "").empty());
  CHECK(found_with("MMC", "0x20", "") == Nodes{"/dev/mmcblk0"});
  CHECK(found_with("MMC", "0", "fixed") == Nodes{"/dev/mmcblk0"});
  Machine machine;
  machine.write(machine.folder / "sys/devices/pci0000:00/0000:03:00.0" / "removable", "removable");
  machine.add("pci0000:00/0000:03:00.0/0000:04:00.0/nvme/nvme1/nvme1n1");
  machine.write(machine.folder / "sys/devices/pci0000:00/0000:01:00.0" / "removable", "fixed");
  machine.add("pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1");
  CHECK(machine.found() == Nodes{"/dev/nvme0n1"});
}

TEST_CASE("a partition of a lent disk is as little the machine's as the disk", "[R22]") {
  Machine machine;
  machine.add_partition(machine.add("platform/host3/session1/target3:0:0/3:0:0:1/block/sdc"), "sdc1");
  machine.add_partition(machine.add("virtual/block/nbd0"), "nbd0p1");
  CHECK(machine.found().empty());
}

TEST_CASE("an NVMe disk with several controllers is its machine's by how these are reached", "[R22]") {
  for (const auto& [transport, is_own] : {std::pair{"pcie", true}, std::pair{"tcp", false}, std::pair{"rdma", false}, std::pair{"fc", false}}) {
    CAPTURE(transport);
    Machine machine;
    machine.add("virtual/nvme-subsystem/nvme-subsys0/nvme0n1");
    machine.write(machine.folder / "sys" / "devices/virtual/nvme-subsystem/nvme-subsys0/nvme0/transport", transport);
    CHECK(machine.found().size() == (is_own ? 1 : 0));
  }
}

TEST_CASE("an array is the machine's when all that it lies on is", "[R22]") {
  Machine machine;
  const auto own = machine.add("pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda");
  const auto lent = machine.add("platform/host3/session1/target3:0:0/3:0:0:1/block/sdc");
  const auto named = machine.add("virtual/block/nbd0");
  Machine::add_slave(machine.add("virtual/block/md0"), own);
  for (const auto& [array, part] : {std::pair{"virtual/block/md1", lent}, std::pair{"virtual/block/md2", named}}) {
    const auto device = machine.add(array);
    Machine::add_slave(device, own);
    Machine::add_slave(device, part);
  }
  CHECK(machine.found() == Nodes{"/dev/md0", "/dev/sda"});
}
