#include "agent/net/page_token.h"

#include <algorithm>

namespace caretaker::agent {
namespace {

constexpr MonotonicMs kGoodForMs = 12 * 3'600'000;
constexpr std::size_t kNonce = 16;
constexpr std::size_t kTag = 16;
constexpr std::size_t kSize = kNonce + 8 + kTag;

}  // namespace

Hash PageTokens::tag(ByteView nonce_and_time, const std::optional<std::uint32_t>& uid) const {
  ByteWriter out;
  out.raw(nonce_and_time);
  out.u8(uid ? 1 : 0);
  out.u32(uid.value_or(0));
  return keyed_hash(key_, out.bytes());
}

std::string PageTokens::make(const std::optional<std::uint32_t>& uid, MonotonicMs now) const {
  ByteWriter out;
  out.raw(random_array<kNonce>());
  out.u64(static_cast<std::uint64_t>(now));
  const Hash tagged = tag(out.bytes(), uid);
  out.raw(ByteView(tagged).first(kTag));
  return to_hex(out.bytes());
}

std::optional<PageTokens::Nonce> PageTokens::check(std::string_view token, const std::optional<std::uint32_t>& uid,
                                                   MonotonicMs now) const {
  std::array<std::uint8_t, kSize> bytes{};
  if (!parse_hex(token, bytes)) return std::nullopt;
  const ByteView signed_part = ByteView(bytes).first(kSize - kTag);
  const Hash expected = tag(signed_part, uid);
  if (!equal_constant_time(ByteView(expected).first(kTag), ByteView(bytes).last(kTag))) return std::nullopt;
  ByteReader in(signed_part.subspan(kNonce));
  const auto made = static_cast<MonotonicMs>(in.u64());
  if (now < made || now - made > kGoodForMs) return std::nullopt;
  Nonce nonce{};
  std::copy_n(bytes.begin(), kNonce, nonce.begin());
  return nonce;
}

}  // namespace caretaker::agent
