#include "platform/clamav_header.h"

#include <charconv>

namespace caretaker::platform {
namespace {

constexpr std::size_t kHeader = 512;
constexpr std::string_view kMagic = "ClamAV-VDB:";
constexpr int kFieldsBeforeTime = 8;  // magic, date, version, signatures, level, digest, signature, builder

}  // namespace

Result<UnixSeconds> parse_clamav_build_time(ByteView start) {
  std::string_view text = as_text(start.first(std::min(start.size(), kHeader)));
  if (!text.starts_with(kMagic)) return make_error(ErrorCode::kInvalidInput, "no database of ClamAV");
  for (int i = 0; i < kFieldsBeforeTime; ++i) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return make_error(ErrorCode::kInvalidInput, "a database of ClamAV without a time");
    text.remove_prefix(colon + 1);
  }
  UnixSeconds time = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), time);
  const bool ended = end == text.data() + text.size() || *end == ' ' || *end == ':' || *end == '\n' || *end == '\0';
  if (failed != std::errc() || !ended || time <= 0) {
    return make_error(ErrorCode::kInvalidInput, "a database of ClamAV without a time");
  }
  return time;
}

}  // namespace caretaker::platform
