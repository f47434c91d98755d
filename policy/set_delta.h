// What changes one compiled set into the next: applied to the old file it gives the new one byte for byte, so that the hash in the
// signed manifest says whether it was right. Neither the delta nor who sends it is trusted.
//
//   8 bytes   kDeltaMagic
//   16 bytes  salt: that of both sets
//   u32       number of names after
//   u16       number of categories after; for each: u32 length, name, u8 locked, u64 names (as in policy/set_layout.h)
//   u16       number of category sets before; one bit for each, in bytes: its categories, by their names, make a set after, too
//   u16       number of further category sets after; for each u64 bits
//   u16, then u16 each   what becomes of changed names: number of their category set after, 0: gone; the commonest first
//   u16, then u16 each   category sets of added names, the commonest first
//   u32, u32  how many names before change; how many are added
//   4 x u8    Rice parameters: of the steps and the fates of changed names, of the steps and the category sets of added names
//   the rest  Rice codes (policy/rice.h): for each changed name the step to its place among the names before, and its fate; for each
//             added name the step from the hash before it, and its category set. The first step counts from 0, each other from one behind
//
// A day of 5 million names, 12,500 more and 5,000 less, is under 90 kB: 48 bits for a hash, 12 for a place. Pure; any thread.
#pragma once

#include <array>
#include <functional>
#include <string_view>
#include <vector>

#include "policy/set_file.h"

namespace caretaker::policy {

inline constexpr std::string_view kDeltaMagic = "ctdelta1";

// kUnsupported: the two have different salts, and nothing in common.
[[nodiscard]] Result<Bytes> make_set_delta(const SetView& before, const SetView& after);

class SetDelta {
 public:
  // Checks sizes and tables; the codes are read while it is applied. The bytes must outlive it.
  [[nodiscard]] static Result<SetDelta> parse(ByteView bytes);

  // Writes the new set from its first byte to its last, in pieces of some kilobytes; takes less than a megabyte beside both files,
  // whatever the bytes are. kInvalidInput: it does not fit `before`; what was written by then is worthless. An error of the sink ends it.
  using Sink = std::function<Status(ByteView piece)>;
  [[nodiscard]] Status apply(const SetView& before, const Sink& sink) const;

 private:
  friend class DeltaMerge;
  [[nodiscard]] Result<std::vector<std::uint64_t>> sets_after(const SetView& before) const;

  std::array<std::uint8_t, 16> salt_{};
  std::uint64_t names_ = 0;
  std::vector<Category> categories_;
  std::size_t sets_before_ = 0;
  ByteView kept_;                      // bits
  std::vector<std::uint64_t> added_sets_;
  std::vector<std::uint64_t> fates_;
  std::vector<std::uint64_t> kinds_;   // of added names
  std::uint64_t changed_ = 0;
  std::uint64_t added_ = 0;
  std::array<int, 4> bits_{};
  ByteView codes_;
};

}  // namespace caretaker::policy
