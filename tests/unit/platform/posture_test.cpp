// The machine's own keeping, found in a tree that looks like a laptop's: the links and attributes are those of a Debian 12 on LVM on
// LUKS 2, and of one without.
#include "platform/posture.h"

#include <sys/time.h>

#include <catch2/catch.hpp>

#include "platform/files.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::platform;
namespace fs = std::filesystem;

namespace {

constexpr const char* kLuksUuid = "1c9d6a0e-55b7-4c5b-9a1e-3f2d6a7b8c90";
constexpr const char* kMapping = "CRYPT-LUKS2-1c9d6a0e55b74c5b9a1e3f2d6a7b8c90-nvme0n1p3_crypt\n";
constexpr const char* kVolumeGroup = "LVM-8Qb3ZfTn0uWc5hYr2kXv7mPd9sLa1eGj8Qb3ZfTn0uWc5hYr2kXv7mPd9sLa1eGj\n";
constexpr MonotonicMs kHour = 3'600'000;

struct Laptop {
  TemporaryFolder folder;
  VolumeContent header = {Encryption::kEncrypted, "luks2", "encrypted", kLuksUuid};
  std::string header_on = "nvme0n1p3", asked;

  void put(const std::string& path, std::string_view text) const {
    const fs::path file = folder.path() / path;
    fs::create_directories(file.parent_path());
    REQUIRE(replace_file(file, as_bytes(text), 0600));
  }
  // A device below /sys/devices, with its entries in class/block and dev/block.
  void device(const std::string& path, const std::string& number, const std::string& lower = "") const {
    const fs::path sys = folder.path() / "sys";
    fs::create_directories(sys / "devices" / path / "slaves");
    for (const fs::path& link : {sys / "class/block" / fs::path(path).filename(), sys / "dev/block" / number}) {
      fs::create_directories(link.parent_path());
      fs::create_directory_symlink(sys / "devices" / path, link);
    }
    if (!lower.empty()) fs::create_directory_symlink(sys / "devices" / lower, sys / "devices" / path / "slaves" / fs::path(lower).filename());
  }
  void disk() const {
    device("pci0/nvme0n1", "259:0");
    device("pci0/nvme0n1/nvme0n1p3", "259:3");
    fs::remove(folder.path() / "sys/devices/pci0/nvme0n1/nvme0n1p3/slaves");
    put("sys/devices/pci0/nvme0n1/nvme0n1p3/partition", "3\n");
  }
  void encrypted_disk(const std::string& mapping = kMapping) const {
    disk();
    device("virtual/block/dm-0", "254:0", "pci0/nvme0n1/nvme0n1p3");
    put("sys/devices/virtual/block/dm-0/dm/uuid", mapping);
    device("virtual/block/dm-1", "254:1", "virtual/block/dm-0");
    put("sys/devices/virtual/block/dm-1/dm/uuid", kVolumeGroup);
  }
  void mounts(const std::string& lines) const { put("proc/self/mountinfo", lines); }

  PostureFacts look(MonotonicMs now = kHour) {
    const auto inspect = [this](const fs::path& node) {
      asked = node.filename();
      return asked == header_on ? header : VolumeContent{};
    };
    return find_posture({folder.path(), "/var/lib/caretaker/guard", "/run/caretaker-firewall/state", inspect, now});
  }
};

constexpr const char* kOnLvm =
    "22 28 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw\n"
    "28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/mapper/laptop--vg-root rw,errors=remount-ro\n"
    "95 28 259:2 / /boot rw,relatime shared:40 - ext4 /dev/nvme0n1p2 rw\n";
constexpr const char* kOnPartition = "28 1 259:3 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p3 rw,errors=remount-ro\n";

}  // namespace

TEST_CASE("a system on LVM on LUKS is encrypted, and ready to be wiped where the header can be read", "[R3]") {
  Laptop laptop;
  laptop.mounts(kOnLvm);
  laptop.encrypted_disk();
  CHECK(laptop.look().disk == DiskKeeping::kWipeReady);
  CHECK(laptop.asked == "nvme0n1p3");
  laptop.header = {};  // on a stick that is not there, say
  CHECK(laptop.look().disk == DiskKeeping::kEncrypted);
  laptop.header = {Encryption::kEncrypted, "luks2", "encrypted", "00000000-55b7-4c5b-9a1e-3f2d6a7b8c90"};
  CHECK(laptop.look().disk == DiskKeeping::kEncrypted);
  laptop.header = {Encryption::kNotEncrypted, "luks2", "null-cipher", kLuksUuid};
  CHECK(laptop.look().disk == DiskKeeping::kNotEncrypted);
}

TEST_CASE("LUKS on LVM is encrypted, and not called ready: a wipe does not look for headers there", "[R3]") {
  Laptop laptop;
  laptop.mounts(kOnLvm);
  laptop.disk();
  laptop.device("virtual/block/dm-0", "254:0", "pci0/nvme0n1/nvme0n1p3");
  laptop.put("sys/devices/virtual/block/dm-0/dm/uuid", kVolumeGroup);
  laptop.device("virtual/block/dm-1", "254:1", "virtual/block/dm-0");
  laptop.put("sys/devices/virtual/block/dm-1/dm/uuid", kMapping);
  laptop.header_on = "dm-0";
  CHECK(laptop.look().disk == DiskKeeping::kEncrypted);
}

TEST_CASE("a system on a partition is not encrypted, whatever it is called", "[R3]") {
  Laptop laptop;
  laptop.disk();
  laptop.mounts(kOnPartition);
  CHECK(laptop.look().disk == DiskKeeping::kNotEncrypted);
}

TEST_CASE("device mapper is not always encryption", "[R3]") {
  for (const char* mapping : {"CRYPT-VERITY-1c9d6a0e55b74c5b9a1e3f2d6a7b8c90-usr", "CRYPT-INTEGRITY-system", "mpath-360000", ""}) {
    INFO(mapping);
    Laptop laptop;
    laptop.mounts(kOnLvm);
    laptop.encrypted_disk(mapping);
    CHECK(laptop.look().disk == DiskKeeping::kNotEncrypted);
  }
  Laptop laptop;
  laptop.mounts(kOnLvm);
  laptop.encrypted_disk("CRYPT-PLAIN-system");  // no header whose keys could be destroyed
  CHECK(laptop.look().disk == DiskKeeping::kEncrypted);
}

TEST_CASE("our own state on another disk counts as well, and the worse of the two", "[R3]") {
  Laptop laptop;
  laptop.encrypted_disk();
  laptop.device("pci0/sda", "8:0");
  laptop.mounts(std::string(kOnLvm) + "96 28 8:0 / /var rw,relatime shared:41 - ext4 /dev/sda rw\n");
  CHECK(laptop.look().disk == DiskKeeping::kNotEncrypted);
  laptop.mounts(std::string(kOnLvm) + "96 28 8:0 / /var/library rw,relatime shared:41 - ext4 /dev/sda rw\n");
  CHECK(laptop.look().disk == DiskKeeping::kWipeReady);
}

TEST_CASE("people's homes on a plain disk are not ready to be wiped, whatever the system lies on", "[R3]") {
  for (const char* point : {"/home", "/home" "/anna", "/var", "/var/tmp", "/srv"}) {
    INFO(point);
    Laptop laptop;
    laptop.encrypted_disk();
    laptop.device("pci0/sda", "8:0");
    laptop.mounts(std::string(kOnLvm) + "96 28 8:0 / " + point + " rw,relatime shared:41 - ext4 /dev/sda rw\n");
    CHECK(laptop.look().disk == DiskKeeping::kNotEncrypted);
    laptop.mounts(std::string(kOnLvm) + "96 28 0:50 / " + point + " rw,relatime shared:41 - nfs4 server:/home rw\n97 28 0:51 / /tmp rw - tmpfs tmpfs rw\n");
    const bool has_our_state = std::string_view(point) == "/var";  // that it lies on another machine's disk is not said to be good
    CHECK(laptop.look().disk == (has_our_state ? DiskKeeping::kUnknown : DiskKeeping::kWipeReady));
  }
}

TEST_CASE("a file system without a device of its own is looked for by its source, and what is nowhere is unknown", "[R3]") {
  Laptop laptop;
  laptop.encrypted_disk();
  laptop.put("dev/dm-1", "");
  fs::create_directories(laptop.folder.path() / "dev/mapper");
  fs::create_symlink("../dm-1", laptop.folder.path() / "dev/mapper/system");
  laptop.mounts("28 1 0:27 /@rootfs / rw,relatime shared:1 - btrfs /dev/mapper/system rw,subvol=/@rootfs\n");
  CHECK(laptop.look().disk == DiskKeeping::kWipeReady);
  laptop.mounts("28 1 0:27 / / rw,relatime - overlay overlay rw,lowerdir=/a\n");
  CHECK(laptop.look().disk == DiskKeeping::kUnknown);
  laptop.mounts("28 1\n-\n");
  CHECK(laptop.look().disk == DiskKeeping::kUnknown);
}

TEST_CASE("the newest of a scanner's signatures counts, by the time in its header", "[R3]") {
  Laptop laptop;
  CHECK_FALSE(laptop.look().scanner);
  laptop.put("usr/bin/clamscan", "");
  CHECK(laptop.look().scanner);
  CHECK_FALSE(laptop.look().signatures);
  const auto database = [](const std::string& time) {
    std::string text = "ClamAV-VDB:22 Nov 2026 03-25 -0500:27828:2077413:90:5c1d9f3ea05a6f2f6e5ad3dd2c8c9b4e:c2ln:raynman:" + time;
    text.resize(600, ' ');
    return text;
  };
  laptop.put("var/lib/clamav/daily.cvd", database("1795335900"));
  CHECK(laptop.look().signatures == 1795335900);
  laptop.put("var/lib/clamav/daily.cld", database("1795422300"));
  CHECK(laptop.look().signatures == 1795422300);
  for (const char* time : {"", "x", "-5", "99999999999999999999", "1795422300x"}) {
    INFO(time);
    laptop.put("var/lib/clamav/daily.cld", database(time));
    CHECK(laptop.look().signatures == 1795335900);
  }
}

TEST_CASE("a word about the firewall holds for an hour", "[R3]") {
  Laptop laptop;
  CHECK(laptop.look().firewall == Firewall::kUnknown);
  const std::string path = "run/caretaker-firewall/state";
  laptop.put(path, R"({"at_ms":1000,"firewall":"on"})");
  CHECK(laptop.look(2000).firewall == Firewall::kOn);
  CHECK(laptop.look(1000 + kHour).firewall == Firewall::kOn);
  CHECK(laptop.look(1001 + kHour).firewall == Firewall::kUnknown);
  CHECK(laptop.look(999).firewall == Firewall::kUnknown);  // of before the last start
  for (const char* text : {"", "on", R"({"at_ms":1000,"firewall":"yes"})", R"({"firewall":"on"})"}) {
    INFO(text);
    laptop.put(path, text);
    CHECK(laptop.look(2000).firewall == Firewall::kUnknown);
  }
}

TEST_CASE("a setting that keeps a whole machine's desktops from locking is seen, and the last word on it counts", "[R3]") {
  Laptop laptop;
  CHECK_FALSE(laptop.look().locking_switched_off);
  laptop.put("etc/dconf/db/local.d/00-school", "# ours\n[org/gnome/desktop/screensaver]\nlock-enabled=false\n");
  CHECK(laptop.look().locking_switched_off);
  laptop.put("etc/dconf/db/local.d/50-later", "[org/gnome/desktop/screensaver]\r\n lock-enabled = true \r\n");
  CHECK_FALSE(laptop.look().locking_switched_off);
  laptop.put("usr/share/glib-2.0/schemas/90_school.gschema.override", "[org.cinnamon.desktop.lockdown:Cinnamon]\ndisable-lock-screen=true");
  CHECK(laptop.look().locking_switched_off);
}

TEST_CASE("the same words elsewhere switch nothing off, nor do other desktops' files that are cut off or noise", "[R3]") {
  const auto [kind, text] = GENERATE(table<std::string, std::string>({
      {"another section", "[org/gnome/desktop/background]\nlock-enabled=false\n"},
      {"no section", "lock-enabled=false\nAutolock=false\n"},
      {"a comment", "[Daemon]\n#Autolock=false\n"},
      {"cut off", "[Daemon]\nAutolock=fal"},
      {"noise", std::string("\0[[]=\xff\n]=[\n=\n", 14)},
      {"empty", ""},
  }));
  INFO(kind);
  Laptop laptop;
  laptop.put("etc/xdg/kscreenlockerrc", text);
  CHECK_FALSE(laptop.look().locking_switched_off);
  laptop.put("etc/xdg/kscreenlockerrc", "[Daemon]\nAutolock=false\n");
  CHECK(laptop.look().locking_switched_off);
}

TEST_CASE("a screen locker is there when one of those we know is installed", "[R3]") {
  Laptop laptop;
  CHECK_FALSE(laptop.look().locker);
  laptop.put("usr/bin/swaylock", "");
  CHECK(laptop.look().locker);
}

TEST_CASE("updates were asked for when the newest of apt's signs changed, and an empty folder of lists is none", "[R3]") {
  Laptop laptop;
  const auto dated = [&](const std::string& path, UnixSeconds time) {
    const timeval at = {time, 0};
    const timeval both[] = {at, at};
    REQUIRE(::utimes((laptop.folder.path() / path).c_str(), both) == 0);
  };
  laptop.put("var/lib/apt/lists/lock", "");
  CHECK_FALSE(laptop.look().updates_asked);
  laptop.put("var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease", "Origin: Debian\n");
  dated("var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease", 5000);  // the server's time of it
  dated("var/lib/apt/lists", 2000);
  CHECK(laptop.look().updates_asked == 2000);
  laptop.put("var/lib/apt/periodic/update-success-stamp", "");
  dated("var/lib/apt/periodic/update-success-stamp", 3000);
  CHECK(laptop.look().updates_asked == 3000);
  dated("var/lib/apt/lists", 4000);
  CHECK(laptop.look().updates_asked == 4000);
  laptop.put("var/lib/apt/periodic/update-stamp", "");  // made also where nobody answered
  CHECK(laptop.look().updates_asked == 4000);
  CHECK_FALSE(laptop.look().restart_since);
  laptop.put("run/reboot-required", "");
  dated("run/reboot-required", 6000);
  CHECK(laptop.look().restart_since == 6000);
}
