#include "platform/base/text.h"

#include <cstdint>
#include <optional>

namespace caretaker {
namespace {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 0;
};

// The one at `at`, by RFC 3629: no surrogates, nothing longer than it need be. nullopt: it is none.
std::optional<CodePoint> code_point_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(at);
  if (first < 0x80) return CodePoint{first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() - at < size) return std::nullopt;
  std::uint32_t value = first & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return std::nullopt;
    value = value << 6 | (byte(at + i) & 0x3fu);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return std::nullopt;
  return CodePoint{value, size};
}

// Control characters, line and paragraph separators, and those that turn the direction of what stands around them.
bool steers(std::uint32_t value) {
  return value < 0x20 || (value >= 0x7f && value < 0xa0) || (value >= 0x2028 && value <= 0x202e) ||
         (value >= 0x2066 && value <= 0x2069) || value == 0x200e || value == 0x200f || value == 0x061c;
}

}  // namespace

bool is_clean_text(std::string_view text, Lines lines) {
  for (std::size_t at = 0; at < text.size();) {
    const auto next = code_point_at(text, at);
    if (!next) return false;
    const bool is_line_end = next->value == '\n' && lines == Lines::kMany;
    if (steers(next->value) && !is_line_end) return false;
    at += next->size;
  }
  return true;
}

std::string clean_text(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto next = code_point_at(text, at);
    const std::size_t size = next ? next->size : 1;
    if (!next) {
      out += "\xef\xbf\xbd";  // U+FFFD
    } else if (next->value == '\r') {
      if (at + 1 == text.size() || text[at + 1] != '\n') out += '\n';
    } else if (next->value == '\n' || !steers(next->value)) {
      out += text.substr(at, size);
    } else {
      out += ' ';
    }
    at += size;
  }
  return out;
}

}  // namespace caretaker
