#include "policy/rice.h"

namespace caretaker::policy {

void RiceWriter::bit(bool one) {
  if (used_ == 8) {
    bytes_.push_back(0);
    used_ = 0;
  }
  if (one) bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | 1u << used_);
  ++used_;
}

void RiceWriter::add(std::uint64_t value, int k) {
  for (std::uint64_t quotient = value >> k; quotient > 0; --quotient) bit(true);
  bit(false);
  for (int i = 0; i < k; ++i) bit((value >> i & 1) != 0);
}

Bytes RiceWriter::take() && { return std::move(bytes_); }

bool RiceReader::bit(bool& one) {
  if (at_ >= bytes_.size() * 8) return false;
  one = (bytes_[at_ / 8] >> (at_ % 8) & 1) != 0;
  ++at_;
  return true;
}

bool RiceReader::next(int k, std::uint64_t most, std::uint64_t& value) {
  std::uint64_t quotient = 0;
  bool one = false;
  for (;;) {
    if (!bit(one)) return false;
    if (!one) break;
    if (++quotient > most >> k) return false;
  }
  value = quotient << k;
  for (int i = 0; i < k; ++i) {
    if (!bit(one)) return false;
    if (one) value |= std::uint64_t{1} << i;
  }
  return value <= most;
}

bool RiceReader::at_end() const {
  if (bytes_.size() * 8 - at_ >= 8) return false;
  return at_ % 8 == 0 || bytes_.back() >> (at_ % 8) == 0;
}

int best_rice_bits(std::span<const std::uint64_t> values) {
  if (values.empty()) return 0;
  int best = 0;
  std::uint64_t least = UINT64_MAX;
  for (int k = 0; k < kMaxRiceBits; ++k) {
    std::uint64_t bits = 0;
    bool fits = true;
    for (const std::uint64_t value : values) {
      bits += (value >> k) + 1 + static_cast<std::uint64_t>(k);
      fits = fits && bits < least;
      if (!fits) break;
    }
    if (!fits) continue;
    best = k;
    least = bits;
  }
  return best;
}

}  // namespace caretaker::policy
