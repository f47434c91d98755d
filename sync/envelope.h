// The one envelope around everything signed: DSSE 1.0 (https://github.com/secure-systems-lab/dsse), Ed25519 over PAE.
// PROTOCOL.md, "Envelope". Pure; any thread.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "platform/base/bytes.h"
#include "platform/base/crypto.h"
#include "platform/base/result.h"
#include "sync/limits.h"

namespace caretaker::sync {

// Bytes from anywhere; nobody has checked them. Nothing that changes a machine takes one.
struct RawBlob {
  Bytes bytes;
};

// Each kind of signed thing has a versioned type of its own, so that none can be passed off as another.
enum class PayloadType {
  kRoot,          // application/vnd.caretaker.root.v1+json
  kPolicy,        // application/vnd.caretaker.policy.v1+json
  kLists,         // application/vnd.caretaker.lists.v1+json
  kBatch,         // application/vnd.caretaker.batch.v1+json
  kReceipt,       // application/vnd.caretaker.receipt.v1+json
  kCertificate,   // application/vnd.caretaker.certificate.v1+json
  kEnrolment,     // application/vnd.caretaker.enrolment.v1+json
  kStaffRequest,  // application/vnd.caretaker.staff-request.v1+json
  kHold,          // application/vnd.caretaker.hold.v1+json
  kException,     // application/vnd.caretaker.exception.v1+json
  kOrder,         // application/vnd.caretaker.order.v1+json
  kWipeCertificate,  // application/vnd.caretaker.wipe-certificate.v1+json
  kEvidence,      // application/vnd.caretaker.evidence.v1+json
};
[[nodiscard]] std::string_view payload_type_name(PayloadType type);

// First 16 bytes of BLAKE2b-256 over the public key (Ed25519 or X25519), in hexadecimal.
using KeyId = std::string;
[[nodiscard]] KeyId key_id(const std::array<std::uint8_t, 32>& public_key);

using KeyRing = std::map<KeyId, PublicKey>;

// DSSE's pre-authentication encoding: what is signed.
[[nodiscard]] Bytes pre_authentication_encoding(std::string_view type, ByteView payload);

// The envelope as JSON text: {"payload": base64, "payloadType": type, "signatures": [{"keyid", "sig"}]}.
[[nodiscard]] Bytes make_envelope(PayloadType type, ByteView payload, std::span<const SigningKey* const> keys);
// The same envelope with one more signature (replacing an older one by the same key).
[[nodiscard]] Result<Bytes> add_signature(ByteView envelope, PayloadType type, const SigningKey& key);

struct OpenedEnvelope {
  Bytes payload;             // the exact bytes that were signed
  std::set<KeyId> signers;   // every key of the ring whose signature verifies; never empty
};

// Verify first, parse afterwards. kInvalidInput: not an envelope; kUnsupported: another type; kTooLarge; kUnauthentic: no
// key of the ring signed it. Signatures by keys outside the ring are ignored; one bad signature by a key of the ring
// refuses the whole.
[[nodiscard]] Result<OpenedEnvelope> open_envelope(ByteView raw, PayloadType type, const KeyRing& ring,
                                                   std::size_t max_bytes = kMaxEnvelopeBytes);

// The payload that nobody has verified: only to find out with whose key to verify it (a root's own keys, a new device's).
[[nodiscard]] Result<Bytes> unverified_payload(ByteView raw, PayloadType type, std::size_t max_bytes = kMaxEnvelopeBytes);

}  // namespace caretaker::sync
