// An envelope by whomever: what opens with a key that has signed nothing here is a forgery.
#include "sync/envelope.h"

#include <cstdlib>

#include "sync/limits.h"

using namespace caretaker;
using namespace caretaker::sync;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const SigningKey key = make_signing_key(SecretKey(Hash{1}));
  static const KeyRing ring{{key_id(key.public_key), key.public_key}};
  const ByteView raw(data, size);
  if (open_envelope(raw, PayloadType::kPolicy, ring)) std::abort();
  const auto payload = unverified_payload(raw, PayloadType::kPolicy);
  const auto signed_now = add_signature(raw, PayloadType::kPolicy, key);
  // add_signature takes whatever reads as an envelope, and what it makes opens (unless there were 16 signatures already).
  if (payload.has_value() != signed_now.has_value()) std::abort();
  if (!signed_now) return 0;
  const auto opened = open_envelope(*signed_now, PayloadType::kPolicy, ring);
  if (opened && opened->payload != *payload) std::abort();
  return 0;
}
