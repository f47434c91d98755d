// Numbers as Golomb-Rice codes in a stream of bits: the quotient by 2^k in ones with a zero behind, then k bits. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>

#include "platform/base/bytes.h"

namespace caretaker::policy {

inline constexpr int kMaxRiceBits = 60;

class RiceWriter {
 public:
  void add(std::uint64_t value, int k);
  [[nodiscard]] Bytes take() &&;

 private:
  void bit(bool one);
  Bytes bytes_;
  int used_ = 8;  // bits of the last byte
};

class RiceReader {
 public:
  explicit RiceReader(ByteView bytes) : bytes_(bytes) {}
  // False: the stream has ended, or the number is above `most`.
  [[nodiscard]] bool next(int k, std::uint64_t most, std::uint64_t& value);
  // Less than a byte is left, and nothing but zeros.
  [[nodiscard]] bool at_end() const;

 private:
  [[nodiscard]] bool bit(bool& one);
  ByteView bytes_;
  std::uint64_t at_ = 0;  // bit
};

// The k with which these take least.
[[nodiscard]] int best_rice_bits(std::span<const std::uint64_t> values);

}  // namespace caretaker::policy
