// HKDF, AES-128 and AES-128-GCM by libcrypto. RFC 5869, RFC 8446 section 7.1 (HKDF-Expand-Label), RFC 9001 section 5.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "platform/quic_protection.h"

namespace caretaker::platform {
namespace {

using Digest = std::array<std::uint8_t, 32>;
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

constexpr std::size_t kTag = 16;
constexpr std::array<std::uint8_t, 20> kSaltV1 = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                                  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr std::array<std::uint8_t, 20> kSaltV2 = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                                                  0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};

Error refused() { return make_error(ErrorCode::kInternal, "libcrypto refuses"); }

Result<Digest> hmac(ByteView key, ByteView data) {
  Digest out;
  unsigned size = 0;
  if (::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(), &size) == nullptr ||
      size != out.size()) {
    return refused();
  }
  return out;
}

// One block of output is all that QUIC needs here.
Status expand_label(const Digest& secret, std::string_view label, std::span<std::uint8_t> out) {
  constexpr std::string_view kPrefix = "tls13 ";
  Bytes info = {static_cast<std::uint8_t>(out.size() >> 8), static_cast<std::uint8_t>(out.size()),
                static_cast<std::uint8_t>(kPrefix.size() + label.size())};
  for (const std::string_view part : {kPrefix, label}) info.insert(info.end(), part.begin(), part.end());
  info.push_back(0);  // no context
  info.push_back(1);  // the first block
  TRY(block, hmac(secret, info));
  std::copy_n(block.begin(), out.size(), out.begin());
  return ok();
}

std::array<std::uint8_t, 12> nonce_of(const QuicKeys& keys, std::uint64_t number) {
  std::array<std::uint8_t, 12> nonce = keys.iv;
  for (std::size_t i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<std::uint8_t>(number >> (8 * i));
  return nonce;
}

}  // namespace

Result<QuicKeys> derive_client_keys(QuicVersion version, ByteView connection) {
  const bool is_v2 = version == QuicVersion::kV2;
  TRY(initial, hmac(is_v2 ? kSaltV2 : kSaltV1, connection));
  Digest client;
  TRY_DONE(expand_label(initial, "client in", client));
  QuicKeys keys;
  TRY_DONE(expand_label(client, is_v2 ? "quicv2 key" : "quic key", keys.key));
  TRY_DONE(expand_label(client, is_v2 ? "quicv2 iv" : "quic iv", keys.iv));
  TRY_DONE(expand_label(client, is_v2 ? "quicv2 hp" : "quic hp", keys.header));
  return keys;
}

Result<std::array<std::uint8_t, 5>> header_mask(const QuicKeys& keys, ByteView sample) {
  if (sample.size() != 16) return make_error(ErrorCode::kInvalidInput, "a sample has 16 bytes");
  const Cipher cipher(::EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::array<std::uint8_t, 32> block{};
  int size = 0;
  if (!cipher || ::EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_ecb(), nullptr, keys.header.data(), nullptr) != 1 ||
      ::EVP_EncryptUpdate(cipher.get(), block.data(), &size, sample.data(), static_cast<int>(sample.size())) != 1) {
    return refused();
  }
  std::array<std::uint8_t, 5> mask;
  std::copy_n(block.begin(), mask.size(), mask.begin());
  return mask;
}

Result<Bytes> open_packet(const QuicKeys& keys, std::uint64_t number, ByteView header, ByteView sealed) {
  if (sealed.size() < kTag || sealed.size() > 65'535 || header.size() > 65'535) return make_error(ErrorCode::kInvalidInput, "no packet has this size");
  const auto nonce = nonce_of(keys, number);
  const ByteView text = sealed.first(sealed.size() - kTag);
  std::array<std::uint8_t, kTag> tag;
  std::copy_n(sealed.end() - kTag, kTag, tag.begin());
  const Cipher cipher(::EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  Bytes out(text.size() + kTag);
  int size = 0;
  if (!cipher || ::EVP_DecryptInit_ex(cipher.get(), EVP_aes_128_gcm(), nullptr, keys.key.data(), nonce.data()) != 1 ||
      ::EVP_DecryptUpdate(cipher.get(), nullptr, &size, header.data(), static_cast<int>(header.size())) != 1 ||
      ::EVP_DecryptUpdate(cipher.get(), out.data(), &size, text.data(), static_cast<int>(text.size())) != 1 ||
      ::EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) != 1) {
    return refused();
  }
  int rest = 0;
  if (::EVP_DecryptFinal_ex(cipher.get(), out.data() + size, &rest) != 1) return make_error(ErrorCode::kUnauthentic, "the packet does not open");
  out.resize(text.size());
  return out;
}

}  // namespace caretaker::platform
