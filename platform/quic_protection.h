// What keeps the first packets of a QUIC connection from being read by accident: their keys follow from a number that stands in
// the packet, so whoever sees the packet can open it (RFC 9001 section 5.2, RFC 9369 section 3.3). This is no secrecy, and nothing that is
// ours rests on it; it is AES-128, which libsodium does not have, so here OpenSSL's libcrypto does it. Port. Any thread.
#pragma once

#include <array>
#include <cstdint>

#include "platform/base/bytes.h"

namespace caretaker::platform {

enum class QuicVersion : std::uint32_t { kV1 = 0x00000001, kV2 = 0x6b3343cf };

// Of what a client sends in Initial packets.
struct QuicKeys {
  std::array<std::uint8_t, 16> key{};
  std::array<std::uint8_t, 12> iv{};
  std::array<std::uint8_t, 16> header{};
};
// `connection` is the destination connection id of the client's first packet. kInternal: libcrypto refuses.
[[nodiscard]] Result<QuicKeys> derive_client_keys(QuicVersion version, ByteView connection);

// The bytes that the packet number and the low bits of the first byte are masked with; `sample` has 16 bytes.
[[nodiscard]] Result<std::array<std::uint8_t, 5>> header_mask(const QuicKeys& keys, ByteView sample);

// The frames of a packet. `header` is unmasked, `sealed` ends with the tag. kUnauthentic: another key, or changed on the way.
[[nodiscard]] Result<Bytes> open_packet(const QuicKeys& keys, std::uint64_t number, ByteView header, ByteView sealed);

}  // namespace caretaker::platform
