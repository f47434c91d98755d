// Bytes, their text forms, and a reader and a writer for fixed binary layouts (little-endian).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.h"

namespace caretaker {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }
[[nodiscard]] inline Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

// Lower-case hexadecimal; parsing takes either case and nothing else.
[[nodiscard]] std::string to_hex(ByteView bytes);
[[nodiscard]] Result<Bytes> parse_hex(std::string_view text);
[[nodiscard]] Status parse_hex(std::string_view text, std::span<std::uint8_t> out);  // exactly so many

// RFC 4648 section 4, padded, no line breaks; parsing is strict (one text for each value).
[[nodiscard]] std::string to_base64(ByteView bytes);
[[nodiscard]] Result<Bytes> parse_base64(std::string_view text);

// A fixed-size array from bytes of exactly that size.
template <std::size_t N>
[[nodiscard]] Result<std::array<std::uint8_t, N>> to_array(ByteView bytes) {
  if (bytes.size() != N) {
    return make_error(ErrorCode::kInvalidInput,
                      "expected " + std::to_string(N) + " bytes, got " + std::to_string(bytes.size()));
  }
  std::array<std::uint8_t, N> out{};
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

// Appends integers (little-endian) and length-prefixed strings to a buffer.
class ByteWriter {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void u16(std::uint16_t value) { integer(value, 2); }
  void u32(std::uint32_t value) { integer(value, 4); }
  void u64(std::uint64_t value) { integer(value, 8); }
  void raw(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void sized(ByteView bytes) { u32(static_cast<std::uint32_t>(bytes.size())); raw(bytes); }  // u32 length first
  void sized(std::string_view text) { sized(as_bytes(text)); }
  [[nodiscard]] Bytes take() && { return std::move(bytes_); }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  void integer(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  Bytes bytes_;
};

// Reads what ByteWriter wrote. A read past the end yields zeros and makes ok() false for good, so a parser may read
// a whole record and ask once.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() { return integer(8); }
  ByteView raw(std::size_t size);
  ByteView sized(std::size_t max_size);  // a length over max_size fails the reader
  std::string text(std::size_t max_size) { return std::string(as_text(sized(max_size))); }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }  // everything was read, and read well

 private:
  std::uint64_t integer(std::size_t size);
  ByteView rest_;
  bool ok_ = true;
};

}  // namespace caretaker
