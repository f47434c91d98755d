#include "agent/cli/record_ranges.h"

#include <algorithm>
#include <charconv>

#include "agent/cli/table.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxText = 16u << 10;

Error no_list(std::string_view part) {
  return make_error(ErrorCode::kInvalidInput,
                    "\"" + printable(std::string(part)) + "\" is no number of a record: expected numbers and ranges such as 3,9 or 3-9 or 3,7-9");
}

Result<std::uint64_t> parse_number(std::string_view text, std::string_view part) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool fits = error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= static_cast<std::uint64_t>(sync::kMaxSeq);
  return fits ? Result<std::uint64_t>(number) : no_list(part);
}

Result<RecordRange> parse_range(std::string_view part) {
  const std::size_t dash = part.find('-');
  TRY(from, parse_number(part.substr(0, dash), part));
  TRY(to, dash == std::string_view::npos ? Result<std::uint64_t>(from) : parse_number(part.substr(dash + 1), part));
  if (to < from) return make_error(ErrorCode::kInvalidInput, "\"" + printable(std::string(part)) + "\" runs backwards");
  return RecordRange{from, to};
}

void merge(RecordRanges& ranges) {
  std::ranges::sort(ranges, {}, &RecordRange::from);
  RecordRanges apart;
  for (const RecordRange& range : ranges) {
    if (apart.empty() || range.from > apart.back().to + 1)
      apart.push_back(range);
    else
      apart.back().to = std::max(apart.back().to, range.to);
  }
  ranges = std::move(apart);
}

}  // namespace

Result<RecordRanges> parse_records(const std::string& text, std::uint64_t limit) {
  if (text.size() > kMaxText) return make_error(ErrorCode::kTooLarge, "a list of records that long is not read");
  RecordRanges ranges;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    TRY(range, parse_range(std::string_view(text).substr(at, end - at)));
    ranges.push_back(range);
    at = end + 1;
  }
  merge(ranges);
  if (count_of(ranges) > limit) return make_error(ErrorCode::kTooLarge, "more than " + std::to_string(limit) + " records at once");
  if (ranges.size() > kMaxRanges) return make_error(ErrorCode::kTooLarge, "more than " + std::to_string(kMaxRanges) + " ranges that are apart");
  return ranges;
}

std::uint64_t count_of(const RecordRanges& ranges) {
  std::uint64_t count = 0;
  for (const RecordRange& range : ranges) count += range.to - range.from + 1;
  return count;
}

bool holds(const RecordRanges& ranges, const RecordRange& all_of) {
  return std::ranges::any_of(ranges, [&](const RecordRange& range) { return range.from <= all_of.from && all_of.to <= range.to; });
}

std::string words_of(const RecordRange& range) {
  return std::to_string(range.from) + (range.to == range.from ? "" : "-" + std::to_string(range.to));
}

std::string words_of(const RecordRanges& ranges) {
  std::string out;
  for (const RecordRange& range : ranges) out += (out.empty() ? "" : ", ") + words_of(range);
  return out;
}

}  // namespace caretaker::agent
