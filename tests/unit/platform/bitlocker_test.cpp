#include <catch2/catch.hpp>

#include "platform/bitlocker.h"
#include "tests/unit/platform/volume_images.h"

using namespace caretaker;
using namespace caretaker::platform;
using tests::BitLockerImage;

namespace {

VolumeContent judge(const BitLockerImage& image) {
  const auto header = parse_bitlocker_header(tests::bitlocker_sector(image));
  REQUIRE(header);
  const auto copy = parse_bitlocker_metadata(tests::bitlocker_block(image));
  REQUIRE(copy);
  return decide_bitlocker(*header, std::vector(3, *copy), tests::kBitLockerImageSize);
}

std::string verdict(const BitLockerImage& image) {
  const VolumeContent content = judge(image);
  return std::string(encryption_name(content.encryption)) + ": " + content.reason;
}

}  // namespace

TEST_CASE("a finished BitLocker volume with a password is encrypted", "[R2]") {
  const VolumeContent content = judge({});
  CHECK(content.encryption == Encryption::kEncrypted);
  CHECK(content.kind == "bitlocker");
  CHECK(content.volume_id == "03020100-0504-0706-0809-0a0b0c0d0e0f");
}

TEST_CASE("BitLocker To Go of the old kind is encrypted for all the FAT volume that it shows", "[R2]") {
  BitLockerImage image;
  image.signature = "MSWIN4.1";
  CHECK(judge(image).encryption == Encryption::kEncrypted);
  CHECK(judge(image).kind == "bitlocker-to-go");
}

TEST_CASE("a key that lies beside the data protects nothing, whatever other protectors there are", "[R2]") {
  BitLockerImage image;
  image.protectors = {0x0800, 0x0000, 0x2000};
  CHECK(verdict(image) == "protection-suspended: clear-key");
  image.protectors = {0x0000};
  CHECK(verdict(image) == "protection-suspended: clear-key");
  image.protectors = {0x2000};
  image.key_value = 1;
  CHECK(verdict(image) == "not-encrypted: key-in-clear");
}

TEST_CASE("a conversion that is under way, paused or turned back is only partly encrypted", "[R2]") {
  for (const auto& [state, next] : std::vector<std::pair<int, int>>{{2, 4}, {5, 1}, {3, 4}, {4, 1}, {0, 4}}) {
    BitLockerImage image;
    image.state = static_cast<std::uint16_t>(state);
    image.next_state = static_cast<std::uint16_t>(next);
    INFO(state << " to " << next);
    CHECK(verdict(image) == "partly-encrypted: being-converted");
  }
  BitLockerImage half;
  half.encrypted_size = tests::kBitLockerImageSize / 2;
  CHECK(verdict(half) == "partly-encrypted: being-converted");
  half.encrypted_size = 0;
  CHECK(verdict(half) == "partly-encrypted: being-converted");
  BitLockerImage on_write;
  on_write.on_write = true;
  CHECK(verdict(on_write) == "partly-encrypted: being-converted");
}

TEST_CASE("a volume whose end the file system leaves out is whole all the same", "[R2]") {
  BitLockerImage image;
  image.encrypted_size = tests::kBitLockerImageSize - 512;
  CHECK(verdict(image) == "encrypted: encrypted");
}

TEST_CASE("decrypted, without a protector or without a cipher is not encrypted", "[R2]") {
  BitLockerImage decrypted;
  decrypted.state = 1;
  CHECK(verdict(decrypted) == "not-encrypted: decrypted");
  BitLockerImage open;
  open.protectors = {};
  CHECK(verdict(open) == "unknown: no-protector");
  BitLockerImage plain;
  plain.method = 0;
  CHECK(verdict(plain) == "not-encrypted: null-cipher");
}

TEST_CASE("the worst of the valid copies counts, and those of another volume do not", "[R2]") {
  const auto header = parse_bitlocker_header(tests::bitlocker_sector({}));
  const auto good = parse_bitlocker_metadata(tests::bitlocker_block({}));
  BitLockerImage clear;
  clear.protectors = {0};
  const auto bad = parse_bitlocker_metadata(tests::bitlocker_block(clear));
  CHECK(decide_bitlocker(*header, std::vector{*good, *bad}, tests::kBitLockerImageSize).reason == "clear-key");
  BitLockerImage elsewhere;
  elsewhere.blocks[2] += 512;
  const auto other = parse_bitlocker_metadata(tests::bitlocker_block(elsewhere));
  CHECK(decide_bitlocker(*header, std::vector{*other}, tests::kBitLockerImageSize).reason == "damaged-header");
  CHECK(decide_bitlocker(*header, {}, tests::kBitLockerImageSize).encryption == Encryption::kNotEncrypted);
}

TEST_CASE("metadata that is changed in any byte, or cut short, is refused") {
  const Bytes whole = tests::bitlocker_block({});
  REQUIRE(parse_bitlocker_metadata(whole));
  const std::size_t covered = whole.size() - 8;
  for (std::size_t i = 0; i < covered; ++i) {
    Bytes changed = whole;
    changed[i] ^= 0x01;
    INFO("byte " << i);
    CHECK_FALSE(parse_bitlocker_metadata(changed));
    CHECK_FALSE(parse_bitlocker_metadata(ByteView(whole).first(i)));
  }
}

TEST_CASE("a FAT volume that an old Windows made is no BitLocker To Go") {
  Bytes sector = tests::bitlocker_sector({});
  const Bytes signature = to_bytes("MSWIN4.1");
  std::copy(signature.begin(), signature.end(), sector.begin() + 3);
  CHECK_FALSE(parse_bitlocker_header(sector));
  CHECK_FALSE(parse_bitlocker_header(ByteView(sector).first(100)));
}
