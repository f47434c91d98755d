// How long things took: counted in buckets of 1/16 of a power of two, so that millions cost no memory.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace caretaker::bench {

class Latencies {
 public:
  void add(std::int64_t nanoseconds) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds, kParts));
    ++counts_[bucket(value)];
    ++all_;
    max_ = std::max(max_, value);
  }

  // The upper end of the bucket that has it, at most 7 % too high.
  [[nodiscard]] double quantile_us(double part) const {
    auto left = static_cast<std::uint64_t>(part * static_cast<double>(all_));
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (left < counts_[i]) return std::min(upper_end(i), max_us());
      left -= counts_[i];
    }
    return max_us();
  }
  [[nodiscard]] double max_us() const { return static_cast<double>(max_) / 1e3; }

 private:
  static constexpr std::uint64_t kParts = 16;
  static std::size_t bucket(std::uint64_t value) {
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 5;
    return shift * kParts + ((value >> shift) - kParts);
  }
  static double upper_end(std::size_t bucket) {
    return static_cast<double>((bucket % kParts + kParts + 1) << (bucket / kParts)) / 1e3;
  }

  std::array<std::uint64_t, 60 * kParts> counts_{};
  std::uint64_t all_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace caretaker::bench
