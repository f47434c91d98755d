// Which records somebody means, as people write it: "3,9" are two, "3-9" are seven. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "platform/base/result.h"

namespace caretaker::agent {

struct RecordRange {
  std::uint64_t from = 1;
  std::uint64_t to = 1;
  bool operator==(const RecordRange&) const = default;
};
// In order, and at least one number apart from each other. Never counted out: "1-2147483647" is one entry.
using RecordRanges = std::vector<RecordRange>;

inline constexpr std::size_t kMaxRanges = 64;  // each goes as a part of its own

// What overlaps or touches becomes one, in whatever order it was written. kInvalidInput: no such list. kTooLarge: more than `limit`
// records, or more than kMaxRanges ranges that are apart.
[[nodiscard]] Result<RecordRanges> parse_records(const std::string& text, std::uint64_t limit);
[[nodiscard]] std::uint64_t count_of(const RecordRanges& ranges);
[[nodiscard]] bool holds(const RecordRanges& ranges, const RecordRange& all_of);
[[nodiscard]] std::string words_of(const RecordRange& range);    // "3" or "3-9"
[[nodiscard]] std::string words_of(const RecordRanges& ranges);  // "3, 7-9"

}  // namespace caretaker::agent
