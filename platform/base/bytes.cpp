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

Result<Bytes> parse_hex(std::string_view text) {
  if (text.empty()) return Bytes{};
  Bytes out(text.size() / 2);
  std::size_t size = 0;
  if (text.size() % 2 != 0 ||
      sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, nullptr) != 0 ||
      size != out.size()) {
    return make_error(ErrorCode::kInvalidInput, "not hexadecimal");
  }
  return out;
}

// By table, not in constant time as libsodium does: what travels in base64 is signed, sealed or spent once, and it was a
// fifth of what a check-in costs.
std::string to_base64(ByteView bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  char* to = out.data();
  for (std::size_t at = 0; at < bytes.size(); at += 3, to += 4) {
    const std::size_t size = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < size ? bytes[at + i] : 0u);
    for (std::size_t i = 0; i <= size; ++i) to[i] = kBase64[group >> (18 - 6 * i) & 63];
  }
  return out;
}

Result<Bytes> parse_base64(std::string_view text) {
  const Error error = make_error(ErrorCode::kInvalidInput, "not base64");
  if (text.size() % 4 != 0) return error;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  Bytes out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const std::size_t digits = at + 4 == text.size() ? 4 - padding : 4;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const std::uint8_t digit = kBase64Values[static_cast<std::uint8_t>(text[at + i])];
      if (digit == kNoDigit) return error;
      group |= std::uint32_t{digit} << (18 - 6 * i);
    }
    for (std::size_t i = 0; i + 1 < digits; ++i) out.push_back(static_cast<std::uint8_t>(group >> (16 - 8 * i)));
    if ((group << (8 * (digits - 1)) & 0xffffff) != 0) return error;  // another text for the same value
  }
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
