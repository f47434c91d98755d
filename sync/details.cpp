// The sealed part of an event; see sync/event.h.
#include <algorithm>

#include "sync/checks.h"
#include "sync/event.h"
#include "sync/fields.h"
#include "sync/sealed_key.h"

namespace caretaker::sync {
namespace {

constexpr std::string_view kCommitmentLabel = "caretaker sealed key v1";
constexpr std::string_view kAssociated = "caretaker details v1";
constexpr std::size_t kPadTo = 256;
constexpr std::size_t kWrappedSize = 80;  // 32 bytes of key, 48 of crypto_box_seal

Hash commit_to(const SecretKey& key) {
  Hasher hasher;
  hasher.add(as_bytes(kCommitmentLabel));
  hasher.add(key.view());
  return hasher.finish();
}

// ISO/IEC 7816-4: 0x80, then zeros up to the next multiple.
Bytes pad(Bytes text) {
  text.push_back(0x80);
  text.resize((text.size() + kPadTo - 1) / kPadTo * kPadTo);
  return text;
}

Result<Bytes> unpad(Bytes text) {
  while (!text.empty() && text.back() == 0) text.pop_back();
  if (text.empty() || text.back() != 0x80) return refuse(Check::kSealedContent, "padding");
  text.pop_back();
  return text;
}

Result<Details> parse_details(ByteView bytes) {
  TRY(json, parse_json(as_text(bytes), {kMaxCiphertext, 4}));
  if (json.as_object() == nullptr) return make_error(ErrorCode::kInvalidInput, "not a JSON object");
  Details details;
  for (const auto& [key, value] : *json.as_object()) {
    TRY(text, json.string_at(key));
    details.fields.emplace(key, std::move(text));
  }
  return details;
}

Result<SecretKey> unwrap_key(const SealedDetails& sealed, const BoxKey& key) {
  const KeyId own = key_id(key.public_key);
  const auto mine = std::find_if(sealed.keys.begin(), sealed.keys.end(),
                                 [&](const WrappedKey& wrapped) { return wrapped.recipient == own; });
  if (mine == sealed.keys.end()) return refuse(Check::kSealedRecipient);
  const auto opened = box_open(key, mine->wrapped);
  if (!opened) return refuse(Check::kSealedKey);
  const auto bytes = to_array<32>(*opened);
  if (!bytes) return refuse(Check::kSealedKey);
  return SecretKey(*bytes);
}

Result<SealedDetails> parse_fields(const Json& json) {
  SealedDetails sealed;
  TRY(ciphertext, blob_at(json, "ciphertext", kMaxCiphertext));
  TRY(keys, json.array_at("keys"));
  sealed.ciphertext = std::move(ciphertext);
  for (const Json& item : *keys) {
    TRY(recipient, item.hex_array_at<16>("recipient"));
    TRY(wrapped, blob_at(item, "wrapped", kWrappedSize));
    sealed.keys.push_back({to_hex(recipient), std::move(wrapped)});
  }
  TRY_DONE(check_sealed(sealed));
  return sealed;
}

}  // namespace

Sealing seal_details(const Details& details, const std::map<KeyId, BoxPublicKey>& recipients) {
  Json::Object json(details.fields.begin(), details.fields.end());
  const SecretKey key = random_key();
  Sealing sealing;
  sealing.sealed.ciphertext = encrypt(key, pad(to_bytes(Json(std::move(json)).dump())), as_bytes(kAssociated));
  for (const auto& [id, recipient] : recipients) sealing.sealed.keys.push_back({id, box_seal(recipient, key.view())});
  sealing.hash = hash(sealing.sealed.ciphertext);
  sealing.commitment = commit_to(key);
  return sealing;
}

Result<SecretKey> open_sealed_key(const SealedDetails& sealed, const EventBody& body, const BoxKey& key) {
  if (!body.sealed || !body.key_commitment || hash(sealed.ciphertext) != *body.sealed) return refuse(Check::kSealedHash);
  TRY(content_key, unwrap_key(sealed, key));
  if (!equal_constant_time(commit_to(content_key), *body.key_commitment)) return refuse(Check::kSealedCommitment);
  return content_key;
}

Result<Details> open_details(const SealedDetails& sealed, const EventBody& body, const BoxKey& key) {
  TRY(content_key, open_sealed_key(sealed, body, key));
  auto padded = decrypt(content_key, sealed.ciphertext, as_bytes(kAssociated));
  if (!padded) return refuse(Check::kSealedContent);
  TRY(text, unpad(std::move(*padded)));
  return in_check(Check::kSealedContent, parse_details(text));
}

Json sealed_json(const SealedDetails& sealed) {
  Json::Array keys;
  for (const WrappedKey& key : sealed.keys) {
    keys.push_back(Json::Object{{"recipient", key.recipient}, {"wrapped", to_base64(key.wrapped)}});
  }
  return Json::Object{{"ciphertext", to_base64(sealed.ciphertext)}, {"keys", std::move(keys)}};
}

Status check_sealed(const SealedDetails& sealed) {
  const bool fits = !sealed.ciphertext.empty() && sealed.ciphertext.size() <= kMaxCiphertext && sealed.keys.size() <= kMaxRecipients;
  const bool keys_fit = std::all_of(sealed.keys.begin(), sealed.keys.end(), [](const WrappedKey& key) {
    std::array<std::uint8_t, 16> id{};
    return key.wrapped.size() == kWrappedSize && parse_hex(key.recipient, id) && to_hex(id) == key.recipient;
  });
  return fits && keys_fit ? ok() : refuse(Check::kSealedForm, "a wrong size");
}

Bytes make_sealed_json(const SealedDetails& sealed) { return to_bytes(sealed_json(sealed).dump()); }

Result<SealedDetails> parse_sealed(const Json& json) { return in_check(Check::kSealedForm, parse_fields(json)); }

Result<SealedDetails> parse_sealed_json(ByteView bytes) {
  TRY(json, in_check(Check::kSealedForm, parse_json(as_text(bytes), {2 * kMaxCiphertext, 8})));
  return parse_sealed(json);
}

}  // namespace caretaker::sync
