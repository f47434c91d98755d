// The pieces that the control frames are made of, shared by control_net.cpp and control_user.cpp. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "platform/base/bytes.h"

namespace caretaker::agent {

inline constexpr std::size_t kMaxShortText = 1024;     // one line: a url, a holder, a health code
inline constexpr std::size_t kMaxBlob = (4u << 20) - 64;  // an envelope; a whole frame has 4 MiB
inline constexpr std::size_t kMaxBlobs = 1024;         // roots in one answer

inline Error malformed(const char* what) {
  return make_error(ErrorCode::kInvalidInput, std::string("malformed ") + what);
}

template <std::size_t N>
[[nodiscard]] std::array<std::uint8_t, N> read_array(ByteReader& in) {
  std::array<std::uint8_t, N> out{};
  const ByteView bytes = in.raw(N);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

// Lists with their count in front. Reading yields false when there are more than the limit.
void write_texts(ByteWriter& out, const std::vector<std::string>& texts);
[[nodiscard]] bool read_texts(ByteReader& in, std::vector<std::string>& texts, std::size_t max_count);
void write_blobs(ByteWriter& out, const std::vector<Bytes>& blobs);
[[nodiscard]] bool read_blobs(ByteReader& in, std::vector<Bytes>& blobs);

// Whole fields that are one flag, one text, or one length-prefixed blob.
[[nodiscard]] Bytes make_flag(bool flag);
[[nodiscard]] Result<bool> parse_flag(ByteView fields);
[[nodiscard]] Bytes make_text(std::string_view text, std::size_t max);  // cut off there
[[nodiscard]] Result<std::string> parse_text(ByteView fields, std::size_t max, const char* what);
[[nodiscard]] Bytes make_blob(ByteView blob);
[[nodiscard]] Result<Bytes> parse_blob(ByteView fields);

}  // namespace caretaker::agent
