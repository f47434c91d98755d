// Where the bytes of a compiled set stand; shared by what writes and what reads it. All integers little-endian.
//
//   8 bytes   kSetMagic (the last character is the version; files of version 1 had no check values)
//   u32       number of names
//   16 bytes  salt
//   u16       number of categories; for each, in byte order of the names: u32 length, name, u8 locked (0 or 1), u64 names
//   u16       number of category sets; for each, in ascending order: u64 bits. The first is the empty set
//   u32 x 65,537   for each value of a hash's top 16 bits: number of the first entry at or above it; then the number of names
//   7 bytes x names  44 low bits of the hash << 12 | number of the category set; ascending
//   u64 for each 16,384 bytes of all this (the last may be fewer): SipHash-2-4 of them under the salt, whose first 8 bytes are
//             exclusive-or'ed with the number of the part, from 0 on (policy/set_parts.h)
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "platform/base/bytes.h"
#include "platform/base/crypto.h"

namespace caretaker::policy {

static_assert(std::endian::native == std::endian::little);  // entries and index are read as they lie

inline constexpr std::string_view kSetMagic = "ctlists2";
inline constexpr std::size_t kMaxCategories = 64;
inline constexpr std::size_t kMaxCategorySets = 4096;
inline constexpr std::size_t kMaxCategoryName = 64;
inline constexpr std::size_t kIndexSize = 65'537;
inline constexpr std::size_t kEntrySize = 7;
inline constexpr int kKeyBits = 44;
inline constexpr int kSetBits = 12;
// Everything before the index.
inline constexpr std::size_t kMaxSetHeader = 8 + 4 + 16 + 2 + kMaxCategories * (4 + kMaxCategoryName + 1 + 8) + 2 + kMaxCategorySets * 8;
inline constexpr std::uint64_t kKeyMask = (std::uint64_t{1} << kKeyBits) - 1;

// The upper 60 bits of SipHash-2-4 of the name under the salt.
[[nodiscard]] inline std::uint64_t hash60(const std::array<std::uint8_t, 16>& salt, std::string_view name) {
  return siphash(salt, as_bytes(name)) >> 4;
}

template <typename Integer>
[[nodiscard]] Integer load_integer(const std::uint8_t* from, std::size_t size = sizeof(Integer)) {
  Integer value = 0;
  std::memcpy(&value, from, size);
  return value;
}

}  // namespace caretaker::policy
