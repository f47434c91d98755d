#include "platform/base/crypto.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace caretaker {

static_assert(sizeof(crypto_generichash_state) <= 384 && crypto_sign_BYTES == 64 && crypto_kdf_KEYBYTES == 32);

Status crypto_ready() {
  if (sodium_init() < 0) return make_error(ErrorCode::kInternal, "libsodium did not start");
  return ok();
}

template <std::size_t N>
void Secret<N>::wipe() {
  sodium_memzero(bytes_.data(), N);
}
template class Secret<32>;
template class Secret<64>;
template class Secret<128>;

void wipe(Bytes& bytes) {
  sodium_memzero(bytes.data(), bytes.size());
  bytes.clear();
}

void random_bytes(std::uint8_t* out, std::size_t size) { randombytes_buf(out, size); }
std::uint32_t random_below(std::uint32_t bound) { return randombytes_uniform(bound); }

SecretKey random_key() {
  SecretKey key;
  randombytes_buf(key.data(), 32);
  return key;
}

Hash hash(ByteView bytes) {
  Hash out;
  crypto_generichash(out.data(), out.size(), bytes.data(), bytes.size(), nullptr, 0);
  return out;
}

Hash keyed_hash(const SecretKey& key, ByteView bytes) {
  Hash out;
  crypto_generichash(out.data(), out.size(), bytes.data(), bytes.size(), key.data(), 32);
  return out;
}

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

Hasher::Hasher() {
  auto* state = new (state_.data()) crypto_generichash_state;
  crypto_generichash_init(state, nullptr, 0, sizeof(Hash));
}

void Hasher::add(ByteView bytes) {
  crypto_generichash_update(reinterpret_cast<crypto_generichash_state*>(state_.data()), bytes.data(), bytes.size());
}

Hash Hasher::finish() {
  Hash out;
  crypto_generichash_final(reinterpret_cast<crypto_generichash_state*>(state_.data()), out.data(), out.size());
  return out;
}

Hash sha256(ByteView bytes) {
  Hash out;
  crypto_hash_sha256(out.data(), bytes.data(), bytes.size());
  return out;
}

SecretKey derive_key(const SecretKey& key, std::uint64_t id, std::string_view context8) {
  char context[crypto_kdf_CONTEXTBYTES] = {};
  std::memcpy(context, context8.data(), std::min(context8.size(), sizeof context));
  SecretKey out;
  crypto_kdf_derive_from_key(out.data(), 32, id, context, key.data());
  return out;
}

SigningKey make_signing_key(const SecretKey& seed) {
  SigningKey key{seed, {}};
  Secret<64> expanded;
  crypto_sign_seed_keypair(key.public_key.data(), expanded.data(), seed.data());
  return key;
}

// libsodium's secret key is seed and public key; make_signing_key alone makes a SigningKey, so that the two belong together.
Signature sign(const SigningKey& key, ByteView message) {
  Secret<64> expanded;
  std::copy_n(key.seed.data(), 32, expanded.data());
  std::copy_n(key.public_key.data(), 32, expanded.data() + 32);
  Signature out;
  crypto_sign_detached(out.data(), nullptr, message.data(), message.size(), expanded.data());
  return out;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
}

BoxKey make_box_key(const SecretKey& seed) {
  BoxKey key{seed, {}};
  crypto_scalarmult_base(key.public_key.data(), seed.data());
  return key;
}

Bytes box_seal(const BoxPublicKey& recipient, ByteView message) {
  Bytes out(message.size() + crypto_box_SEALBYTES);
  crypto_box_seal(out.data(), message.data(), message.size(), recipient.data());
  return out;
}

Result<Bytes> box_open(const BoxKey& key, ByteView sealed) {
  if (sealed.size() < crypto_box_SEALBYTES) return make_error(ErrorCode::kInvalidInput, "sealed box too short");
  Bytes out(sealed.size() - crypto_box_SEALBYTES);
  if (crypto_box_seal_open(out.data(), sealed.data(), sealed.size(), key.public_key.data(), key.seed.data()) != 0) {
    return make_error(ErrorCode::kUnauthentic, "sealed box does not open with this key");
  }
  return out;
}

Bytes encrypt_with_nonce(const SecretKey& key, ByteView nonce24, ByteView message, ByteView associated) {
  Bytes out(message.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, message.data(), message.size(), associated.data(),
                                             associated.size(), nullptr, nonce24.data(), key.data());
  return out;
}

Bytes encrypt(const SecretKey& key, ByteView message, ByteView associated) {
  const auto nonce = random_array<crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>();
  Bytes out(nonce.begin(), nonce.end());
  const Bytes sealed = encrypt_with_nonce(key, nonce, message, associated);
  out.insert(out.end(), sealed.begin(), sealed.end());
  return out;
}

Result<Bytes> decrypt_with_nonce(const SecretKey& key, ByteView nonce24, ByteView ciphertext, ByteView associated) {
  if (nonce24.size() != crypto_aead_xchacha20poly1305_ietf_NPUBBYTES ||
      ciphertext.size() < crypto_aead_xchacha20poly1305_ietf_ABYTES) {
    return make_error(ErrorCode::kInvalidInput, "ciphertext too short");
  }
  Bytes out(ciphertext.size() - crypto_aead_xchacha20poly1305_ietf_ABYTES);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, ciphertext.data(), ciphertext.size(),
                                                 associated.data(), associated.size(), nonce24.data(), key.data()) != 0) {
    return make_error(ErrorCode::kUnauthentic, "ciphertext does not open with this key");
  }
  return out;
}

Result<Bytes> decrypt(const SecretKey& key, ByteView nonce_and_ciphertext, ByteView associated) {
  constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  if (nonce_and_ciphertext.size() < kNonce) return make_error(ErrorCode::kInvalidInput, "ciphertext too short");
  return decrypt_with_nonce(key, nonce_and_ciphertext.first(kNonce), nonce_and_ciphertext.subspan(kNonce), associated);
}

Result<Hash> x25519(const SecretKey& secret, const BoxPublicKey& other) {
  Hash out;
  if (crypto_scalarmult(out.data(), secret.data(), other.data()) != 0) {
    return make_error(ErrorCode::kInvalidInput, "the other side's point has low order");
  }
  return out;
}

Result<SecretKey> key_from_passphrase(std::string_view passphrase, const std::array<std::uint8_t, 16>& salt,
                                      const PasswordCost& cost) {
  SecretKey key;
  if (crypto_pwhash(key.data(), 32, passphrase.data(), passphrase.size(), salt.data(), cost.operations,
                    cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return make_error(ErrorCode::kUnavailable, "not enough memory to derive a key from the passphrase");
  }
  return key;
}

std::uint64_t siphash(const std::array<std::uint8_t, 16>& key, ByteView bytes) {
  std::array<std::uint8_t, 8> out;
  crypto_shorthash(out.data(), bytes.data(), bytes.size(), key.data());
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(out[static_cast<std::size_t>(i)]) << (8 * i);
  return value;
}

}  // namespace caretaker
