#include "platform/luks2_header.h"

#include <algorithm>

#include "platform/base/crypto.h"

namespace caretaker::platform {
namespace {

constexpr std::string_view kFirst = "LUKS\xba\xbe";
constexpr std::string_view kSecond = "SKUL\xba\xbe";
constexpr std::size_t kBinary = 4096;  // before the JSON
constexpr std::size_t kVersionAt = 6;
constexpr std::size_t kSizeAt = 8;
constexpr std::size_t kAlgorithmAt = 72;
constexpr std::size_t kOffsetAt = 256;
constexpr std::size_t kChecksumAt = 448;
constexpr std::size_t kChecksumSize = 64;

std::uint64_t big_endian(ByteView bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes.subspan(at, size)) value = (value << 8) | byte;
  return value;
}

Status check_header(ByteView header, std::string_view magic, std::uint64_t offset) {
  const bool right = as_text(header).starts_with(magic) && big_endian(header, kVersionAt, 2) == 2 &&
                     big_endian(header, kSizeAt, 8) == header.size() && big_endian(header, kOffsetAt, 8) == offset &&
                     as_text(header.subspan(kAlgorithmAt)).starts_with(std::string_view("sha256\0", 7));
  if (!right) return make_error(ErrorCode::kInvalidInput, "a header that is not of its form");
  Bytes blank = to_bytes(header);
  std::fill_n(blank.begin() + kChecksumAt, kChecksumSize, std::uint8_t{0});
  const Hash sum = sha256(blank);
  if (!std::ranges::equal(sum, header.subspan(kChecksumAt, sum.size()))) {
    return make_error(ErrorCode::kInvalidInput, "a header whose checksum does not match");
  }
  return ok();
}

}  // namespace

Result<std::uint64_t> luks2_header_size(ByteView start) {
  if (start.size() < kSizeAt + 8 || !as_text(start).starts_with(kFirst) || big_endian(start, kVersionAt, 2) != 2) {
    return make_error(ErrorCode::kInvalidInput, "no header of LUKS 2");
  }
  const std::uint64_t size = big_endian(start, kSizeAt, 8);
  if (size <= kBinary || size > kMaxLuks2Header) return make_error(ErrorCode::kInvalidInput, "a header of an impossible size");
  return size;
}

Status check_luks2_headers(ByteView headers) {
  TRY(size, luks2_header_size(headers));
  if (headers.size() < 2 * size) return make_error(ErrorCode::kInvalidInput, "headers that are cut short");
  TRY_DONE(check_header(headers.first(size), kFirst, 0));
  return check_header(headers.subspan(size, size), kSecond, size);
}

}  // namespace caretaker::platform
