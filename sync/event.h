// One event: the open body that is chained, and the sealed details that travel beside it. PROTOCOL.md, "Events".
// Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "sync/envelope.h"

namespace caretaker {
class Json;
}

namespace caretaker::sync {

enum class Severity : std::uint8_t { kInfo = 0, kLow = 1, kMedium = 2, kHigh = 3 };
[[nodiscard]] std::string_view severity_name(Severity severity);

// The body as bytes is canonical JSON: {"v":1,"kind","time","severity","rule","count","sealed":hex|absent,"key":hex|absent}.
// It is hashed, stored, sent and kept as those bytes; nobody writes it anew.
struct EventBody {
  std::string kind;      // "web.blocked", "web.bypass", "policy.applied", "policy.refused", "lists.applied",
                         // "lists.refused", "epoch.started", "guard.started", "events.dropped", "receipt.refused", ...
  UnixSeconds time = 0;
  Severity severity = Severity::kInfo;
  std::string rule;      // stable id of the rule or check, never a name that was asked for
  std::uint32_t count = 1;
  std::optional<Hash> sealed;          // BLAKE2b-256 of the ciphertext
  std::optional<Hash> key_commitment;  // BLAKE2b-256 over "caretaker sealed key v1" and the key
};
[[nodiscard]] Bytes make_event_body(const EventBody& body);
[[nodiscard]] Result<EventBody> parse_event_body(ByteView bytes);  // unknown kinds and fields are fine

// Who may read what an event is about: user, name asked for, category, stick serial.
struct Details {
  std::map<std::string, std::string> fields;  // "user", "name", "category", "group", "reason", ...
};

struct WrappedKey {
  KeyId recipient;
  Bytes wrapped;  // crypto_box_seal of the 32-byte key
};

// The sealed part: XChaCha20-Poly1305 under a key of its own, padded to a multiple of 256 bytes; the key once per recipient.
struct SealedDetails {
  Bytes ciphertext;
  std::vector<WrappedKey> keys;
};

struct Sealing {
  SealedDetails sealed;
  Hash hash{};        // for EventBody::sealed
  Hash commitment{};  // for EventBody::key_commitment
};
[[nodiscard]] Sealing seal_details(const Details& details, const std::map<KeyId, BoxPublicKey>& recipients);
// kNotFound: not addressed to this key; kUnauthentic: it is not what the body committed to.
[[nodiscard]] Result<Details> open_details(const SealedDetails& sealed, const EventBody& body, const BoxKey& key);

// The form in which it is stored and sent: {"ciphertext": base64, "keys": [{"recipient", "wrapped"}]}.
[[nodiscard]] Bytes make_sealed_json(const SealedDetails& sealed);
// What is made of this can be parsed: sizes, number of keys, the recipients' names. An error as of parse_sealed().
[[nodiscard]] Status check_sealed(const SealedDetails& sealed);
[[nodiscard]] Result<SealedDetails> parse_sealed_json(ByteView bytes);
[[nodiscard]] Json sealed_json(const SealedDetails& sealed);
[[nodiscard]] Result<SealedDetails> parse_sealed(const Json& json);

}  // namespace caretaker::sync
