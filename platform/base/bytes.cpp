#include "platform/base/bytes.h"

#include <sodium.h>

#include <algorithm>

namespace caretaker {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 64;
constexpr std::array<std::uint8_t, 256> kBase64Values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kBase64.size(); ++i) values[static_cast<std::uint8_t>(kBase64[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string out(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes.data(), bytes.size());
  out.pop_back();
  return out;
}

Status parse_hex(std::string_view text, std::span<std::uint8_t> out) {
  std::size_t size = 0;
  if (text.size() != 2 * out.size() ||
      sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, nullptr) != 0 || size != out.size()) {
    return make_error(ErrorCode::kInvalidInput, "not hexadecimal");
  }
  return ok();
}

Result<Bytes> parse_hex(std::string_view text) {
  Bytes out(text.size() / 2);
  if (!text.empty()) TRY_DONE(parse_hex(text, out));
  return out;
}

// By table, not in constant time as libsodium does: what travels in base64 is signed, sealed or spent once, and it was a
// fifth of what a check-in costs.
std::string to_base64(ByteView bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  char* to = out.data();
  const auto put = [&to](std::uint32_t group, int digits) {
    for (int i = 0; i < digits; ++i) *to++ = kBase64[group >> (18 - 6 * i) & 63];
  };
  std::size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) {
    put(std::uint32_t{bytes[at]} << 16 | std::uint32_t{bytes[at + 1]} << 8 | bytes[at + 2], 4);
  }
  if (bytes.size() - at == 1) put(std::uint32_t{bytes[at]} << 16, 2);
  if (bytes.size() - at == 2) put(std::uint32_t{bytes[at]} << 16 | std::uint32_t{bytes[at + 1]} << 8, 3);
  return out;
}

Result<Bytes> parse_base64(std::string_view text) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  Bytes out(text.size() / 4 * 3);
  std::uint8_t* to = out.data();
  unsigned seen = 0;  // all digits over each other: kNoDigit shows
  const auto take = [&to, &seen](const char* four) {
    std::uint32_t group = 0;
    for (int i = 0; i < 4; ++i) {
      const unsigned digit = kBase64Values[static_cast<std::uint8_t>(four[i])];
      seen |= digit;
      group = group << 6 | digit;
    }
    *to++ = static_cast<std::uint8_t>(group >> 16);
    *to++ = static_cast<std::uint8_t>(group >> 8);
    *to++ = static_cast<std::uint8_t>(group);
  };
  const std::size_t whole = text.size() / 4 * 4 - (padding > 0 && text.size() % 4 == 0 ? 4 : 0);
  for (std::size_t at = 0; at < whole; at += 4) take(&text[at]);
  bool is_one_form = text.size() % 4 == 0;
  if (is_one_form && padding > 0) {
    std::array<char, 4> last{'A', 'A', 'A', 'A'};  // 'A' is zero
    std::copy_n(&text[whole], 4 - padding, last.begin());
    take(last.data());
    is_one_form = std::all_of(to - padding, to, [](std::uint8_t byte) { return byte == 0; });
    out.resize(out.size() - padding);
  }
  if (!is_one_form || (seen & kNoDigit) != 0) return make_error(ErrorCode::kInvalidInput, "not base64");
  return out;
}

ByteView ByteReader::raw(std::size_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    return {};
  }
  ByteView out = rest_.first(size);
  rest_ = rest_.subspan(size);
  return out;
}

ByteView ByteReader::sized(std::size_t max_size) {
  const std::size_t size = u32();
  if (size > max_size) ok_ = false;
  return raw(size);
}

std::uint64_t ByteReader::integer(std::size_t size) {
  const ByteView bytes = raw(size);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

}  // namespace caretaker
