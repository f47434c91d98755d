// What is known about a removable volume before anybody may read it: a port finds it out, a rule judges it. Values only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace caretaker {

enum class Encryption {
  kEncrypted,     // whole, and no way in without a key
  kPartly,        // a conversion is under way or was given up
  kSuspended,     // encrypted, with the key beside it in clear
  kNotEncrypted,
  kUnknown,       // judged as not encrypted
};
[[nodiscard]] std::string_view encryption_name(Encryption encryption);

// What the bytes of a volume say. `reason` is a stable string:
//   encrypted; plain-filesystem, damaged-header, null-cipher, no-active-key, key-in-clear, plain-data, decrypted (not encrypted);
//   being-converted (partly); clear-key (suspended); no-structure, ambiguous, container, detached-header, no-data-area,
//   no-protector, no-partitions, unreadable, gave-up (unknown); phone (a phone's storage has no bytes to look at).
struct VolumeContent {
  Encryption encryption = Encryption::kUnknown;
  std::string kind;  // "luks2", "bitlocker", "vfat", "partitions", ...; empty when nothing was recognised
  std::string reason = "unreadable";
  std::string volume_id;  // as the system shows it (UUID, BitLocker's identifier), lower case; empty when there is none
  bool operator==(const VolumeContent&) const = default;
};

// Of two parts of one disk the one that counts for the whole.
[[nodiscard]] const VolumeContent& worse_of(const VolumeContent& a, const VolumeContent& b);

enum class Medium { kUsbStorage, kSdCard, kOptical, kPhone, kOtherStorage };
[[nodiscard]] std::string_view medium_name(Medium medium);

// The thing that was plugged in, by what it says about itself.
struct MediumIdentity {
  Medium medium = Medium::kOtherStorage;
  std::string usb;     // "vendor:product", four lower-case hexadecimal digits each; empty when it is not on USB
  std::string serial;  // empty when it has none
  bool operator==(const MediumIdentity&) const = default;
};

struct VolumeFacts {
  MediumIdentity identity;
  VolumeContent content;
};

}  // namespace caretaker
