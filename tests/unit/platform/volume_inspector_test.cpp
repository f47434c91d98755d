// What the inspector says of real volumes of many makers, and of those that are made to mislead it.
#include <catch2/catch.hpp>

#include "platform/volume_inspector.h"
#include "tests/unit/platform/temporary_folder.h"
#include "tests/unit/platform/volume_images.h"
#include "tests/unit/shared_data.h"

using namespace caretaker;
using namespace caretaker::platform;
using tests::make_image;
using tests::read_at;
using tests::run_tool;
using tests::write_at;
namespace fs = std::filesystem;

namespace {

std::string verdict(const fs::path& image) {
  const auto device = open_read_only(image);
  if (!device) return "no image";
  const VolumeContent content = inspect_volume(*device);
  return std::string(encryption_name(content.encryption)) + " " + content.kind + ": " + content.reason;
}

struct Expected {
  const char* archive;
  const char* image;
  const char* verdict;
};
constexpr std::array<Expected, 25> kShared = {{
    {"bitlocker.tar.xz", "bitlk-aes-cbc-elephant-128.img", "encrypted bitlocker: encrypted"},
    {"bitlocker.tar.xz", "bitlk-aes-xts-128-clearkey-only.img", "protection-suspended bitlocker: clear-key"},
    {"bitlocker.tar.xz", "bitlk-aes-xts-128-startup-key-win11.img", "encrypted bitlocker: encrypted"},
    {"bitlocker.tar.xz", "bitlk-aes-xts-128.img", "encrypted bitlocker: encrypted"},
    {"bitlocker.tar.xz", "bitlk-togo-aes-cbc-128.img", "encrypted bitlocker-to-go: encrypted"},
    {"bitlocker.tar.xz", "bitlk-togo-aes-xts-128.img", "encrypted bitlocker-to-go: encrypted"},
    {"luks1-images.tar.xz", "luks1_aes-cbc-essiv-sha256-sha1.img", "encrypted luks1: encrypted"},
    {"luks1-images.tar.xz", "luks1_aes-lrw-plain64-sha1.img", "encrypted luks1: encrypted"},
    {"luks1-images.tar.xz", "luks1_aes-xts-essiv-wp256-whirlpool.img", "encrypted luks1: encrypted"},
    {"luks1-images.tar.xz", "luks1_aes-xts-plain64-sha1.img", "encrypted luks1: encrypted"},
    {"luks1-images.tar.xz", "luks1_aes-xts-plain64-sha256.img", "encrypted luks1: encrypted"},
    {"luks1-images.tar.xz", "luks1_aes-xts-plain64-whirlpool.img", "encrypted luks1: encrypted"},
    {"luks1-images.tar.xz", "luks1_serpent-xts-plain64-sha1.img", "encrypted luks1: encrypted"},
    {"luks1-images.tar.xz", "luks1_serpent-xts-plain64-sha256.img", "encrypted luks1: encrypted"},
    {"luks1-images.tar.xz", "luks1_serpent-xts-plain64-whirlpool.img", "encrypted luks1: encrypted"},
    {"luks1-images.tar.xz", "luks1_twofish-xts-plain64-sha1.img", "encrypted luks1: encrypted"},
    {"luks1-images.tar.xz", "luks1_twofish-xts-plain64-sha256.img", "encrypted luks1: encrypted"},
    {"luks1-images.tar.xz", "luks1_twofish-xts-plain64-whirlpool.img", "encrypted luks1: encrypted"},
    {"luks2_valid_hdr.img.xz", "luks2_valid_hdr.img", "encrypted luks2: encrypted"},
    {"veracrypt.tar.xz", "tc_5-sha512-xts-aes", "unknown : no-structure"},
    {"veracrypt.tar.xz", "vc_1-sha512-xts-aes", "unknown : no-structure"},
    {"veracrypt.tar.xz", "vc_1-sha512-xts-aes-hidden", "unknown : no-structure"},
    {"veracrypt.tar.xz", "vc_1-sha512-xts-aes-twofish-serpent", "unknown : no-structure"},
    {"img_fs_ext4.img.xz", "img_fs_ext4.img", "not-encrypted ext4: plain-filesystem"},
    {"img_fs_vfat.img.xz", "img_fs_vfat.img", "not-encrypted vfat: plain-filesystem"},
}};

fs::path find_below(const fs::path& folder, const std::string& name) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == name && entry.is_regular_file()) return entry.path();
  }
  return {};
}

Status unpack(const fs::path& archive, const fs::path& folder) {
  if (archive.stem().extension() == ".tar") {
    return run_tool({"tar", "--sparse", "-C", folder.string(), "-xJf", archive.string()});
  }
  const fs::path copy = folder / archive.filename();
  fs::copy_file(archive, copy);
  fs::permissions(copy, fs::perms::owner_all);
  return run_tool({"xz", "-d", copy.string()});
}

// One image on which everything may be tried. A tool that is missing skips the test with a reason.
struct Image {
  TemporaryFolder folder;
  fs::path path = folder / "image";
  bool skipped = false;

  explicit Image(std::uint64_t size = 64u << 20) { make_image(path, size); }
  void run(std::vector<std::string> command, const std::string& input = "") {
    const auto done = run_tool(std::move(command), input);
    if (done) return;
    if (done.error().code == ErrorCode::kNotFound) {
      if (!skipped) WARN("skipped: " + done.error().message);
      skipped = true;
      return;
    }
    FAIL(done.error().message);
  }
  void luks(std::vector<std::string> more) {
    std::vector<std::string> command = {"cryptsetup", "-q", "luksFormat", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
                                        "--disable-locks", "--key-file", "-"};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(path.string());
    run(command, "a passphrase");
  }
  void check(const std::string& expected) const {
    if (!skipped) CHECK(verdict(path) == expected);
  }
};

void put_bitlocker(const fs::path& path, const tests::BitLockerImage& image) {
  write_at(path, 0, tests::bitlocker_sector(image));
  for (const std::uint64_t at : image.blocks) write_at(path, at, tests::bitlocker_block(image));
}

}  // namespace

TEST_CASE("every real image has its verdict", "[R2]") {
  TemporaryFolder folder;
  std::string unpacked;
  for (const Expected& expected : kShared) {
    const fs::path archive = tests::shared_file(std::string("media/") + expected.archive);
    if (archive.empty()) {
      WARN("skipped: no shared/media");
      return;
    }
    if (unpacked != expected.archive && !unpack(archive, folder.path())) {
      WARN("skipped: " << expected.archive << " cannot be unpacked here");
      return;
    }
    unpacked = expected.archive;
    const fs::path image = find_below(folder.path(), expected.image);
    INFO(expected.image);
    REQUIRE_FALSE(image.empty());
    CHECK(verdict(image) == expected.verdict);
    fs::remove(image);
  }
}

TEST_CASE("file systems are not encrypted, noise and nothing are unknown", "[R2]") {
  Image nothing;
  nothing.check("unknown : no-structure");
  write_at(nothing.path, 0, random_array<4096>());
  nothing.check("unknown : no-structure");
  Image fat;
  fat.run({"mkfs.vfat", fat.path.string()});
  fat.check("not-encrypted vfat: plain-filesystem");
  Image ext4;
  ext4.run({"mkfs.ext4", "-q", ext4.path.string()});
  ext4.check("not-encrypted ext4: plain-filesystem");
  Image empty(0);
  empty.check("unknown : unreadable");
}

TEST_CASE("LUKS with a key slot is encrypted, in either version", "[R2]") {
  Image one;
  one.luks({"--type", "luks1"});
  one.check("encrypted luks1: encrypted");
  Image two;
  two.luks({"--type", "luks2"});
  two.check("encrypted luks2: encrypted");
}

TEST_CASE("LUKS without a key slot, or with damage in its header, is not encrypted", "[R2]") {
  for (const std::string version : {"luks1", "luks2"}) {
    INFO(version);
    Image erased;
    erased.luks({"--type", version});
    erased.run({"cryptsetup", "-q", "erase", "--disable-locks", erased.path.string()});
    erased.check("not-encrypted " + version + ": no-active-key");
    Image damaged;
    damaged.luks({"--type", version});
    write_at(damaged.path, 40, Bytes(24, 0xff));
    if (!damaged.skipped) CHECK(verdict(damaged.path).find(": damaged-header") != std::string::npos);
  }
  Image second;
  second.luks({"--type", "luks2"});
  write_at(second.path, 16384 + 5000, Bytes(1, 0xff));
  second.check("not-encrypted luks: damaged-header");
}

TEST_CASE("LUKS with the cipher that is none is not encrypted", "[R2]") {
  Image one;
  one.luks({"--type", "luks1"});
  Bytes cipher(64, 0);
  const Bytes name = to_bytes("cipher_null");
  std::copy(name.begin(), name.end(), cipher.begin());
  const Bytes mode = to_bytes("ecb");
  std::copy(mode.begin(), mode.end(), cipher.begin() + 32);
  write_at(one.path, 8, cipher);
  one.check("not-encrypted luks1: null-cipher");
  Image two;
  two.luks({"--type", "luks2", "--cipher", "aes-xts-plain64"});
  if (!two.skipped) tests::edit_luks2(two.path, "aes-xts-plain64", "cipher_null-ecb", tests::Which::kLast);
  two.check("not-encrypted luks2: null-cipher");
}

TEST_CASE("a key slot that keeps its key in clear protects nothing", "[R2]") {
  Image image;
  image.luks({"--type", "luks2", "--cipher", "aes-xts-plain64"});
  if (!image.skipped) tests::edit_luks2(image.path, "aes-xts-plain64", "cipher_null-ecb", tests::Which::kFirst);
  image.check("not-encrypted luks2: key-in-clear");
}

TEST_CASE("a LUKS header before a plain file system is not encrypted", "[R2]") {
  Image image;
  image.luks({"--type", "luks2"});
  Image plain(32u << 20);
  plain.run({"mkfs.vfat", plain.path.string()});
  write_at(image.path, 16u << 20, read_at(plain.path, 0, 1u << 20));
  image.skipped = image.skipped || plain.skipped;
  image.check("not-encrypted luks2: plain-data");
}

TEST_CASE("a LUKS header without the data that it belongs to is unknown", "[R2]") {
  Image header;
  header.luks({"--type", "luks2"});
  fs::resize_file(header.path, 16u << 20);
  header.check("unknown luks2: no-data-area");
  Image detached(16u << 20);
  Image data;
  detached.run({"cryptsetup", "-q", "luksFormat", "--type", "luks2", "--header", detached.path.string(), "--pbkdf", "pbkdf2",
                "--pbkdf-force-iterations", "1000", "--disable-locks", "--key-file", "-", data.path.string()},
               "a passphrase");
  detached.check("unknown luks2: detached-header");
  data.check("unknown : no-structure");
}

TEST_CASE("a FAT stick with LUKS's magic written over it is not encrypted", "[R2]") {
  Image fat;
  fat.run({"mkfs.vfat", fat.path.string()});
  write_at(fat.path, 0, to_bytes("LUKS\xba\xbe"));
  fat.check("not-encrypted luks: damaged-header");
  write_at(fat.path, 6, Bytes{0, 1});
  fat.check("not-encrypted luks: damaged-header");
}

TEST_CASE("a FAT file system that hides behind the header of an encrypted volume is found", "[R2]") {
  Image image;
  image.luks({"--type", "luks2"});
  Image fat;
  fat.run({"mkfs.vfat", fat.path.string()});
  image.skipped = image.skipped || fat.skipped;
  write_at(image.path, 8, read_at(fat.path, 8, 504));
  image.check("not-encrypted luks: damaged-header");
}

TEST_CASE("a volume that is being re-encrypted is partly encrypted", "[R2]") {
  Image image;
  image.luks({"--type", "luks2"});
  image.run({"cryptsetup", "-q", "reencrypt", "--init-only", "--disable-locks", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
             "--key-file", "-", image.path.string()},
            "a passphrase");
  image.check("partly-encrypted luks2: being-converted");
}

TEST_CASE("BitLocker on an image: one damaged copy does not matter, three do", "[R2]") {
  Image image;
  const tests::BitLockerImage layout;
  put_bitlocker(image.path, layout);
  image.check("encrypted bitlocker: encrypted");
  write_at(image.path, layout.blocks[0] + 100, Bytes(8, 0xff));
  image.check("encrypted bitlocker: encrypted");
  write_at(image.path, layout.blocks[1] + 100, Bytes(8, 0xff));
  write_at(image.path, layout.blocks[2] + 100, Bytes(8, 0xff));
  image.check("not-encrypted bitlocker: damaged-header");
}

TEST_CASE("a FAT stick with BitLocker's signature written over it is not encrypted", "[R2]") {
  Image fat;
  fat.run({"mkfs.vfat", "-F", "32", fat.path.string()});
  write_at(fat.path, 3, to_bytes("-FVE-FS-"));
  fat.check("unknown : ambiguous");
}

// Its jump is not BitLocker's, so that a desktop mounts it as the FAT that it is.
TEST_CASE("a FAT stick with whole BitLocker metadata in it is not encrypted", "[R2]") {
  Image fat;
  fat.run({"mkfs.vfat", "-F", "32", "-R", "1024", fat.path.string()});
  const tests::BitLockerImage layout;
  const Bytes sector = tests::bitlocker_sector(layout);
  write_at(fat.path, 0, to_bytes("\xeb\x5a\x90-FVE-FS-"));
  write_at(fat.path, 160, ByteView(sector).subspan(160, 40));
  for (const std::uint64_t at : layout.blocks) write_at(fat.path, at, tests::bitlocker_block(layout));
  fat.check("unknown : ambiguous");
}

TEST_CASE("a volume that is two things at once is unknown", "[R2]") {
  Image both;
  both.run({"mkfs.ext4", "-q", both.path.string()});
  Image fat;
  fat.run({"mkfs.vfat", fat.path.string()});
  write_at(both.path, 0, read_at(fat.path, 0, 512));
  both.skipped = both.skipped || fat.skipped;
  both.check("unknown : ambiguous");
  Image divided;
  divided.luks({"--type", "luks1"});
  divided.run({"sfdisk", "-q", "--force", divided.path.string()}, "label: dos\nstart=2048, size=65536, type=83\n");
  divided.check("unknown : ambiguous");
}

TEST_CASE("a stick is as good as the worst of its partitions", "[R2]") {
  Image whole(192u << 20);
  whole.run({"sfdisk", "-q", whole.path.string()}, "label: gpt\nstart=2048, size=131072\nstart=135168, size=131072\n");
  whole.check("unknown partitions: no-structure");
  Image luks;
  luks.luks({"--type", "luks2"});
  whole.skipped = whole.skipped || luks.skipped;
  const Bytes encrypted = read_at(luks.path, 0, 17u << 20);
  write_at(whole.path, 2048 * 512, encrypted);
  write_at(whole.path, 135168 * 512, encrypted);
  whole.check("encrypted partitions: encrypted");
  Image fat;
  fat.run({"mkfs.vfat", fat.path.string()});
  write_at(whole.path, 135168 * 512, read_at(fat.path, 0, 1u << 20));
  whole.skipped = whole.skipped || fat.skipped;
  whole.check("not-encrypted partitions: plain-filesystem");
}

TEST_CASE("a partition table in a partition, or one that points at itself, is unknown", "[R2]") {
  Image image;
  image.run({"sfdisk", "-q", "--force", image.path.string()}, "label: dos\nstart=2048, size=65536, type=83\n");
  const Bytes table = read_at(image.path, 0, 512);
  write_at(image.path, 2048 * 512, table);
  image.check("unknown partitions: ambiguous");
  Bytes itself = table;
  std::fill(itself.begin() + 446 + 8, itself.begin() + 446 + 12, std::uint8_t{0});  // start 0
  write_at(image.path, 0, itself);
  image.check("unknown partitions: ambiguous");
}

TEST_CASE("a disk with a table and nothing in it is unknown", "[R2]") {
  Image image;
  image.run({"sfdisk", "-q", image.path.string()}, "label: gpt\n");
  image.check("unknown partitions: no-partitions");
}
