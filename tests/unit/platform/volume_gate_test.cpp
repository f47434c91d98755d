// The gate's files, in a tree that looks like the kernel's. What udev and the kernel make of them is tried on a whole machine.
#include <catch2/catch.hpp>

#include "platform/volumes.h"
#include "platform/volume_inspector.h"
#include "tests/unit/platform/temporary_folder.h"
#include "tests/unit/shared_data.h"

using namespace caretaker;
using namespace caretaker::platform;
namespace fs = std::filesystem;

namespace {

// A composite thing: interface 0 is a keyboard, interface 1 a disk with a partition.
struct Tree {
  TemporaryFolder folder;
  const std::string thing = "/devices/pci0000:00/usb1/1-1";
  const std::string disk = thing + "/1-1:1.1/host6/target6:0:0/6:0:0:0/block/sdb";

  Tree() {
    for (const std::string& path : {thing + "/authorized", thing + "/1-1:1.0/authorized", thing + "/1-1:1.1/authorized"}) put(path, "1");
    for (const std::string& path : {thing + "/uevent", disk + "/uevent", disk + "/sdb1/uevent"}) put(path, "");
  }
  void put(const std::string& path, std::string_view text) {
    const auto file = folder.path() / "sys" / path.substr(1);
    fs::create_directories(file.parent_path());
    REQUIRE(replace_file(file, as_bytes(text), 0600));
  }
  [[nodiscard]] std::string read(const std::string& path) const { return tests::read_text(folder.path() / "sys" / path.substr(1)); }
  [[nodiscard]] std::unique_ptr<VolumeGate> gate() const { return make_volume_gate(folder.path()); }
  [[nodiscard]] Volume partition() const { return {disk + "/sdb1", "/dev/sdb1", {Medium::kUsbStorage, "0951:1666", ""}, {}}; }
  [[nodiscard]] Volume phone() const { return {thing, "/dev/bus/usb/001/004", {Medium::kPhone, "18d1:4ee1", ""}, {}}; }
};

bool says(const std::string& uevent, const std::string& word) {
  return uevent.starts_with("change ") && uevent.ends_with(" CARETAKER=" + word);
}

}  // namespace

TEST_CASE("a volume that is kept out is kept out by udev's rules", "[R2]") {
  const Tree tree;
  REQUIRE(tree.gate()->apply(tree.partition(), VolumeAccess::kNone));
  CHECK(says(tree.read(tree.disk + "/sdb1/uevent"), "keep"));
  CHECK(tree.read(tree.disk + "/uevent").empty());
}

TEST_CASE("a volume is let through whole or read-only by one word to udev", "[R2]") {
  Tree tree;
  REQUIRE(tree.gate()->apply(tree.partition(), VolumeAccess::kReadOnly));
  CHECK(says(tree.read(tree.disk + "/sdb1/uevent"), "readonly"));
  tree.put(tree.disk + "/sdb1/uevent", "");
  REQUIRE(tree.gate()->apply(tree.partition(), VolumeAccess::kWhole));
  CHECK(says(tree.read(tree.disk + "/sdb1/uevent"), "release"));
  CHECK_FALSE(tree.gate()->apply({"/devices/gone", "/dev/sdb1", {}, {}}, VolumeAccess::kWhole));
}

TEST_CASE("what is let through is what was looked at, and not what has come to its place", "[R2]") {
  Tree tree;
  tree.put(tree.disk + "/diskseq", "12\n");
  Volume looked_at = tree.partition();
  looked_at.number = "12";
  REQUIRE(tree.gate()->apply(looked_at, VolumeAccess::kWhole));
  CHECK(says(tree.read(tree.disk + "/sdb1/uevent"), "release"));
  tree.put(tree.disk + "/sdb1/uevent", "");
  tree.put(tree.disk + "/diskseq", "13\n");
  CHECK(tree.gate()->apply(looked_at, VolumeAccess::kReadOnly).error().code == ErrorCode::kConflict);
  CHECK(tree.read(tree.disk + "/sdb1/uevent").empty());
  CHECK(tree.gate()->apply(looked_at, VolumeAccess::kNone));  // nobody has more by that
  tree.put(tree.thing + "/devnum", "4\n");
  Volume phone = tree.phone();
  phone.number = "5";
  CHECK(tree.gate()->apply(phone, VolumeAccess::kWhole).error().code == ErrorCode::kConflict);
}

TEST_CASE("a phone is let through or kept out, and never read-only", "[R2]") {
  const Tree tree;
  CHECK_FALSE(tree.gate()->apply(tree.phone(), VolumeAccess::kReadOnly));
  CHECK(tree.read(tree.thing + "/uevent").empty());
  REQUIRE(tree.gate()->apply(tree.phone(), VolumeAccess::kWhole));
  CHECK(says(tree.read(tree.thing + "/uevent"), "release"));
}

TEST_CASE("cutting a disk off takes its interface and leaves the keyboard in the same thing", "[R2]") {
  const Tree tree;
  fs::create_directories(tree.folder / "run/caretaker");
  REQUIRE(tree.gate()->cut(tree.partition()));
  CHECK(tree.read(tree.thing + "/1-1:1.1/authorized") == "0");
  CHECK(tree.read(tree.thing + "/1-1:1.0/authorized") == "1");
  CHECK(tree.read(tree.thing + "/authorized") == "1");
  REQUIRE(tree.gate()->cut(tree.phone()));
  CHECK(tree.read(tree.thing + "/authorized") == "0");
  REQUIRE(tree.gate()->cut(tree.phone()));
  CHECK(tests::read_text(tree.folder / "run/caretaker/taken-from-usb") == "1-1:1.1\n1-1\n");  // what a removal gives back
}

TEST_CASE("what is not on USB cannot be cut off, and what is nothing cannot be let through") {
  Tree tree;
  const std::string card = "/devices/pci0000:00/mmc0/mmc0:0001/block/mmcblk0";
  tree.put(card + "/uevent", "");
  CHECK(tree.gate()->cut({card, "/dev/mmcblk0", {}, {}}).error().code == ErrorCode::kUnsupported);
  CHECK_FALSE(tree.gate()->apply({}, VolumeAccess::kNone));
}

TEST_CASE("what the process that looked at a volume says is taken only in its form") {
  const VolumeContent content = {Encryption::kPartly, "luks2", "being-converted", "12a3a118-7039"};
  CHECK(*parse_content_text(make_content_text(content)) == content);
  for (const char* text : {"", "{}", R"({"encryption":"yes","kind":"","reason":"","volume_id":""})",
                           R"({"encryption":"encrypted","kind":"<b>","reason":"","volume_id":""})",
                           R"({"encryption":"encrypted","kind":"","reason":"a b","volume_id":""})"}) {
    INFO(text);
    CHECK_FALSE(parse_content_text(text));
  }
}
