#include "platform/linux/volume_luks.h"

#include <libcryptsetup.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "platform/base/bytes.h"
#include "platform/files.h"
#include "platform/linux/posix_error.h"
#include "platform/linux/volume_blkid.h"
#include "platform/luks2_header.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kLuks1 = 64u << 10;  // more than its header; what follows are key slots
constexpr std::uint64_t kSector = 512;
using CryptDevice = std::unique_ptr<crypt_device, decltype(&::crypt_free)>;

// Both headers of LUKS 2, the one of LUKS 1.
Result<Bytes> read_headers(const DeviceRegion& region) {
  std::array<std::uint8_t, 16> start{};
  TRY_DONE(read_region(region, 0, start));
  const auto luks2 = luks2_header_size(start);
  Bytes headers(static_cast<std::size_t>(std::min<std::uint64_t>(luks2 ? 2 * *luks2 : kLuks1, region.size)));
  TRY_DONE(read_region(region, 0, headers));
  return headers;
}

// libcryptsetup opens by path, and writes to what it finds damaged: it gets a copy, as large as the volume.
Result<OpenFile> copy_headers(ByteView headers, std::uint64_t size) {
  OpenFile copy(::memfd_create("luks-headers", MFD_CLOEXEC));
  if (!copy.is_open()) return posix_error(errno, "make a copy of the headers");
  const auto written = ::pwrite(copy.fd(), headers.data(), headers.size(), 0);
  if (written != static_cast<ssize_t>(headers.size())) return posix_error(errno, "copy the headers");
  if (::ftruncate(copy.fd(), static_cast<off_t>(size)) != 0) return posix_error(errno, "copy the headers");
  return copy;
}

Result<CryptDevice> load(const OpenFile& copy) {
  ::crypt_set_log_callback(nullptr, [](int, const char*, void*) {}, nullptr);
  (void)::crypt_metadata_locking(nullptr, 0);  // nobody else has this copy
  crypt_device* raw = nullptr;
  const std::string path = "/proc/self/fd/" + std::to_string(copy.fd());
  if (const int failed = ::crypt_init(&raw, path.c_str()); failed < 0) return posix_error(-failed, "open the headers");
  CryptDevice device(raw, &::crypt_free);
  if (const int failed = ::crypt_load(raw, CRYPT_LUKS, nullptr); failed < 0) return posix_error(-failed, "load the headers");
  return device;
}

// LUKS 1 has no checksum: a name with anything else in it is damage.
bool is_name(const char* text) {
  return text != nullptr && std::ranges::all_of(std::string_view(text), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':' || c == '(' || c == ')';
  });
}

bool names_no_cipher(const char* cipher) {
  return cipher == nullptr || std::string_view(cipher).find("null") != std::string_view::npos;
}

struct KeySlots {
  int active = 0;
  bool in_clear = false;  // one keeps the volume's key without encrypting it
};

KeySlots count_key_slots(crypt_device* device) {
  KeySlots slots;
  const int count = ::crypt_keyslot_max(::crypt_get_type(device));
  for (int i = 0; i < count; ++i) {
    const auto state = ::crypt_keyslot_status(device, i);
    if (state != CRYPT_SLOT_ACTIVE && state != CRYPT_SLOT_ACTIVE_LAST) continue;
    ++slots.active;
    std::size_t key_size = 0;
    if (names_no_cipher(::crypt_keyslot_get_encryption(device, i, &key_size))) slots.in_clear = true;
  }
  return slots;
}

bool is_being_converted(crypt_device* device) {
  return std::string_view(::crypt_get_type(device)) == CRYPT_LUKS2 &&
         ::crypt_reencrypt_status(device, nullptr) != CRYPT_REENCRYPT_NONE;
}

VolumeContent judge_header(crypt_device* device, const DeviceRegion& region) {
  const char* uuid = ::crypt_get_uuid(device);
  const std::string kind = std::string_view(::crypt_get_type(device)) == CRYPT_LUKS1 ? "luks1" : "luks2";
  const auto says = [&](Encryption encryption, const char* reason) {
    return VolumeContent{encryption, kind, reason, uuid == nullptr ? "" : uuid};
  };
  if (is_being_converted(device)) return says(Encryption::kPartly, "being-converted");
  if (!is_name(::crypt_get_cipher(device)) || !is_name(::crypt_get_cipher_mode(device))) {
    return says(Encryption::kNotEncrypted, "damaged-header");
  }
  if (names_no_cipher(::crypt_get_cipher(device))) return says(Encryption::kNotEncrypted, "null-cipher");
  const KeySlots slots = count_key_slots(device);
  if (slots.active == 0) return says(Encryption::kNotEncrypted, "no-active-key");
  if (slots.in_clear) return says(Encryption::kNotEncrypted, "key-in-clear");
  const std::uint64_t data = ::crypt_get_data_offset(device) * kSector;
  if (data == 0) return says(Encryption::kUnknown, "detached-header");
  if (data >= region.size) return says(Encryption::kUnknown, "no-data-area");
  const auto plain = has_file_system({region.fd, region.offset + data, region.size - data});
  if (!plain) return says(Encryption::kUnknown, "unreadable");
  if (*plain) return says(Encryption::kNotEncrypted, "plain-data");
  return says(Encryption::kEncrypted, "encrypted");
}

}  // namespace

VolumeContent inspect_luks(const DeviceRegion& region) {
  const VolumeContent damaged = {Encryption::kNotEncrypted, "luks", "damaged-header", ""};
  const auto headers = read_headers(region);
  if (!headers) return {Encryption::kUnknown, "luks", "unreadable", ""};
  const auto copy = copy_headers(*headers, region.size);
  if (!copy) return {Encryption::kUnknown, "luks", "unreadable", ""};
  const auto device = load(*copy);
  if (!device) return damaged;
  const bool luks2 = std::string_view(::crypt_get_type(device->get())) == CRYPT_LUKS2;
  if (luks2 && !check_luks2_headers(*headers)) return damaged;
  return judge_header(device->get(), region);
}

}  // namespace caretaker::platform
