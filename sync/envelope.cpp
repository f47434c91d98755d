#include "sync/envelope.h"

#include <array>

#include "platform/base/json.h"
#include "sync/checks.h"
#include "sync/limits.h"

namespace caretaker::sync {
namespace {

struct NamedSignature {
  KeyId key;
  Bytes bytes;
};

struct ParsedEnvelope {
  Bytes payload;
  std::vector<NamedSignature> signatures;
};

Result<std::vector<NamedSignature>> parse_signatures(const Json& json) {
  TRY(items, json.array_at("signatures"));
  if (items->empty() || items->size() > kMaxSignatures) return make_error(ErrorCode::kInvalidInput, "wrong number of them");
  std::vector<NamedSignature> signatures;
  std::set<KeyId> seen;
  for (const Json& item : *items) {
    TRY(key, item.string_at("keyid"));
    TRY(bytes, item.base64_at("sig"));
    if (!seen.insert(key).second) return make_error(ErrorCode::kInvalidInput, "two under one key id");
    signatures.push_back({std::move(key), std::move(bytes)});
  }
  return signatures;
}

Result<ParsedEnvelope> parse_envelope(ByteView raw, PayloadType type, std::size_t max_bytes) {
  if (raw.size() > max_bytes) return refuse(Check::kEnvelopeSize, std::to_string(raw.size()) + " bytes");
  TRY(json, in_check(Check::kEnvelopeForm, parse_json(as_text(raw), {max_bytes, 8, kMaxEnvelopeValues})));
  TRY(name, in_check(Check::kEnvelopeForm, json.string_at("payloadType")));
  if (name != payload_type_name(type)) return refuse(Check::kEnvelopeType, payload_type_name(type));
  TRY(payload, in_check(Check::kEnvelopeForm, json.base64_at("payload")));
  TRY(signatures, in_check(Check::kSignatureList, parse_signatures(json)));
  return ParsedEnvelope{std::move(payload), std::move(signatures)};
}

Bytes write_envelope(PayloadType type, ByteView payload, const std::vector<NamedSignature>& signatures) {
  Json::Array list;
  for (const NamedSignature& signature : signatures) {
    list.push_back(Json::Object{{"keyid", signature.key}, {"sig", to_base64(signature.bytes)}});
  }
  const Json json = Json::Object{
      {"payload", to_base64(payload)}, {"payloadType", payload_type_name(type)}, {"signatures", std::move(list)}};
  return to_bytes(json.dump());
}

NamedSignature make_signature(PayloadType type, ByteView payload, const SigningKey& key) {
  const Signature signature = sign(key, pre_authentication_encoding(payload_type_name(type), payload));
  return {key_id(key.public_key), to_bytes(ByteView(signature))};
}

bool verifies(const PublicKey& key, ByteView message, ByteView signature) {
  const auto fixed = to_array<64>(signature);
  return fixed && verify(key, message, *fixed);
}

}  // namespace

std::string_view payload_type_name(PayloadType type) {
  static constexpr std::array<std::string_view, 13> kNames = {
      "application/vnd.caretaker.root.v1+json",        "application/vnd.caretaker.policy.v1+json",
      "application/vnd.caretaker.lists.v1+json",       "application/vnd.caretaker.batch.v1+json",
      "application/vnd.caretaker.receipt.v1+json",     "application/vnd.caretaker.certificate.v1+json",
      "application/vnd.caretaker.enrolment.v1+json",   "application/vnd.caretaker.staff-request.v1+json",
      "application/vnd.caretaker.hold.v1+json",         "application/vnd.caretaker.exception.v1+json",
      "application/vnd.caretaker.order.v1+json",
      "application/vnd.caretaker.wipe-certificate.v1+json",
      "application/vnd.caretaker.evidence.v1+json"};
  return kNames[static_cast<std::size_t>(type)];
}

KeyId key_id(const std::array<std::uint8_t, 32>& public_key) { return to_hex(ByteView(hash(public_key)).first(16)); }

Bytes pre_authentication_encoding(std::string_view type, ByteView payload) {
  Bytes out = to_bytes("DSSEv1 " + std::to_string(type.size()) + " " + std::string(type) + " " +
                       std::to_string(payload.size()) + " ");
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Bytes make_envelope(PayloadType type, ByteView payload, std::span<const SigningKey* const> keys) {
  std::vector<NamedSignature> signatures;
  for (const SigningKey* key : keys) signatures.push_back(make_signature(type, payload, *key));
  return write_envelope(type, payload, signatures);
}

Result<Bytes> add_signature(ByteView envelope, PayloadType type, const SigningKey& key) {
  TRY(parsed, parse_envelope(envelope, type, kMaxEnvelopeBytes));
  NamedSignature added = make_signature(type, parsed.payload, key);
  std::erase_if(parsed.signatures, [&](const NamedSignature& old) { return old.key == added.key; });
  parsed.signatures.push_back(std::move(added));
  return write_envelope(type, parsed.payload, parsed.signatures);
}

Result<Bytes> unverified_payload(ByteView raw, PayloadType type, std::size_t max_bytes) {
  TRY(parsed, parse_envelope(raw, type, max_bytes));
  return std::move(parsed.payload);
}

Result<OpenedEnvelope> open_envelope(ByteView raw, PayloadType type, const KeyRing& ring, std::size_t max_bytes) {
  TRY(parsed, parse_envelope(raw, type, max_bytes));
  const Bytes message = pre_authentication_encoding(payload_type_name(type), parsed.payload);
  OpenedEnvelope opened;
  for (const NamedSignature& signature : parsed.signatures) {
    const auto known = ring.find(signature.key);
    if (known == ring.end()) continue;
    if (!verifies(known->second, message, signature.bytes)) return refuse(Check::kBadSignature, signature.key);
    opened.signers.insert(signature.key);
  }
  if (opened.signers.empty()) return refuse(Check::kNoSigner);
  opened.payload = std::move(parsed.payload);
  return opened;
}

}  // namespace caretaker::sync
