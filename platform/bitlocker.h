// BitLocker's metadata as it lies on a volume, far enough to tell whether the volume is protected; nothing is unlocked.
// Sources: the libyal project's "BitLocker Drive Encryption (BDE) format", and what real volumes hold. Pure; any thread.
//
// A volume's first sector says where three copies of the metadata lie. Each copy has a header (state, how much is encrypted), a
// list of entries (protectors, keys) and, behind `size` units, a CRC-32 over all of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "platform/base/bytes.h"
#include "platform/base/volume_facts.h"

namespace caretaker::platform {

inline constexpr std::size_t kBitLockerSector = 512;
inline constexpr std::size_t kBitLockerBlock = 65536;  // read this much for a copy of the metadata

struct BitLockerHeader {
  bool to_go = false;       // of the old kind: looks like a small FAT volume
  bool converting = false;  // encrypt-on-write: the conversion is not over
  bool vista = false;       // names the first block only; the others stand in that block
  std::array<std::uint64_t, 3> blocks{};  // offsets in bytes from the start of the volume; 0: not known
};
// nullopt: no BitLocker signature. A signature with nothing usable behind it gives a header without blocks.
[[nodiscard]] std::optional<BitLockerHeader> parse_bitlocker_header(ByteView sector);

struct BitLockerMetadata {
  std::uint16_t version = 0;
  std::uint16_t state = 0;
  std::uint16_t next_state = 0;
  std::uint64_t encrypted_size = 0;  // bytes from the start of the volume; Vista does not say
  std::array<std::uint64_t, 3> blocks{};
  std::string identifier;  // GUID, lower case
  std::uint16_t method = 0;
  std::vector<std::uint16_t> protectors;  // protection types of the volume master key
  bool has_wrapped_key = false;           // the volume's key is there, encrypted
};
// kInvalidInput: another structure, cut short, or the CRC does not match.
[[nodiscard]] Result<BitLockerMetadata> parse_bitlocker_metadata(ByteView block);

// `copies`: those of the three that are valid. All must say that it is protected.
[[nodiscard]] VolumeContent decide_bitlocker(const BitLockerHeader& header, std::span<const BitLockerMetadata> copies,
                                             std::uint64_t volume_size);

}  // namespace caretaker::platform
