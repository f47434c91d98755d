// Everything cryptographic, by libsodium alone. Call crypto_ready() once in main before anything else here.
// Thread-safe. Secret types wipe themselves when they go.
#pragma once

#include <array>
#include <string>

#include "platform/base/bytes.h"
#include "platform/base/result.h"

namespace caretaker {

[[nodiscard]] Status crypto_ready();

using Hash = std::array<std::uint8_t, 32>;       // BLAKE2b-256 (RFC 7693)
using PublicKey = std::array<std::uint8_t, 32>;  // Ed25519 (RFC 8032)
using Signature = std::array<std::uint8_t, 64>;
using BoxPublicKey = std::array<std::uint8_t, 32>;  // X25519 (RFC 7748)

// N secret bytes, wiped on destruction and on being moved from; never printed, never compared in variable time.
template <std::size_t N>
class Secret {
 public:
  Secret() = default;
  explicit Secret(const std::array<std::uint8_t, N>& bytes) : bytes_(bytes) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) { bytes_ = other.bytes_; other.wipe(); }
    return *this;
  }
  ~Secret() { wipe(); }
  void wipe();
  [[nodiscard]] ByteView view() const { return bytes_; }
  std::uint8_t* data() { return bytes_.data(); }
  [[nodiscard]] const std::uint8_t* data() const { return bytes_.data(); }

 private:
  std::array<std::uint8_t, N> bytes_{};
};

using SecretKey = Secret<32>;  // symmetric, or the seed of a key pair

void random_bytes(std::uint8_t* out, std::size_t size);
template <std::size_t N>
[[nodiscard]] std::array<std::uint8_t, N> random_array() {
  std::array<std::uint8_t, N> out;
  random_bytes(out.data(), N);
  return out;
}
// Zeros over what was secret, and then none of it.
void wipe(Bytes& bytes);
[[nodiscard]] SecretKey random_key();
[[nodiscard]] std::uint32_t random_below(std::uint32_t bound);

[[nodiscard]] Hash hash(ByteView bytes);
[[nodiscard]] Hash keyed_hash(const SecretKey& key, ByteView bytes);
[[nodiscard]] bool equal_constant_time(ByteView a, ByteView b);

// A hash over several parts in a row, for data that does not lie in one piece.
class Hasher {
 public:
  Hasher();
  void add(ByteView bytes);
  [[nodiscard]] Hash finish();

 private:
  alignas(64) std::array<std::uint8_t, 384> state_;
};

// SHA-256, only where somebody else's format asks for it (RFC 7469 pins).
[[nodiscard]] Hash sha256(ByteView bytes);

// Subkey `id` of a key under an 8-character context (crypto_kdf, BLAKE2b).
[[nodiscard]] SecretKey derive_key(const SecretKey& key, std::uint64_t id, std::string_view context8);

// Ed25519 key pair. A seed is 32 bytes; it is all there is to keep.
struct SigningKey {
  SecretKey seed;
  PublicKey public_key{};
};
[[nodiscard]] SigningKey make_signing_key(const SecretKey& seed);
[[nodiscard]] Signature sign(const SigningKey& key, ByteView message);
[[nodiscard]] bool verify(const PublicKey& key, ByteView message, const Signature& signature);

// X25519 key pair for sealed boxes (crypto_box_seal: nobody learns who sealed it).
struct BoxKey {
  SecretKey seed;
  BoxPublicKey public_key{};
};
[[nodiscard]] BoxKey make_box_key(const SecretKey& seed);
[[nodiscard]] Bytes box_seal(const BoxPublicKey& recipient, ByteView message);
[[nodiscard]] Result<Bytes> box_open(const BoxKey& key, ByteView sealed);

// XChaCha20-Poly1305 (IETF AEAD); the 24-byte nonce is random and stands in front of the ciphertext.
[[nodiscard]] Bytes encrypt(const SecretKey& key, ByteView message, ByteView associated);
[[nodiscard]] Result<Bytes> decrypt(const SecretKey& key, ByteView nonce_and_ciphertext, ByteView associated);
// The same AEAD with the nonce given: for known-answer tests and for keys that are used once.
[[nodiscard]] Result<Bytes> decrypt_with_nonce(const SecretKey& key, ByteView nonce24, ByteView ciphertext,
                                               ByteView associated);
[[nodiscard]] Bytes encrypt_with_nonce(const SecretKey& key, ByteView nonce24, ByteView message, ByteView associated);

// X25519 shared secret; an all-zero result (a low-order point) is an error (RFC 7748 section 6.1).
[[nodiscard]] Result<Hash> x25519(const SecretKey& secret, const BoxPublicKey& other);

// Argon2id (RFC 9106), one lane; the cost is kept beside what it protects.
struct PasswordCost {
  std::uint64_t operations = 3;
  std::uint64_t memory_bytes = 256ull << 20;
};
[[nodiscard]] Result<SecretKey> key_from_passphrase(std::string_view passphrase, const std::array<std::uint8_t, 16>& salt,
                                                    const PasswordCost& cost);

// SipHash-2-4 with a 16-byte key: fast, for tables, not for authenticity.
[[nodiscard]] std::uint64_t siphash(const std::array<std::uint8_t, 16>& key, ByteView bytes);

}  // namespace caretaker
