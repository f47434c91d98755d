// A person's keys: one file, encrypted under a passphrase (Argon2id, XChaCha20-Poly1305). PROTOCOL.md, "Key files".
#pragma once

#include <string>

#include "sync/envelope.h"

namespace caretaker::sync {

struct PersonKey {
  std::string holder;
  SigningKey signing;
  BoxKey box;
};
[[nodiscard]] PersonKey make_person_key(std::string holder);

// {"v":1,"holder","sign_public","box_public","kdf":{..},"secret": base64}. An empty passphrase is refused.
[[nodiscard]] Result<Bytes> make_key_file(const PersonKey& key, std::string_view passphrase, const PasswordCost& cost);
// kUnauthentic: wrong passphrase or edited file.
[[nodiscard]] Result<PersonKey> open_key_file(ByteView file, std::string_view passphrase);

// The public half, for the root ceremony: {"v":1,"holder","sign_public","box_public"}.
struct PublicPerson {
  std::string holder;
  PublicKey sign_public{};
  BoxPublicKey box_public{};
};
[[nodiscard]] Bytes make_public_person(const PublicPerson& person);
[[nodiscard]] Result<PublicPerson> parse_public_person(ByteView file);  // also reads a key file, without its secret

}  // namespace caretaker::sync
