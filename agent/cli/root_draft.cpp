#include "agent/cli/root_draft.h"

#include <algorithm>

#include "agent/cli/table.h"
#include "platform/base/json.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

using sync::PayloadType;
using sync::Role;
using sync::Root;

// The payload where nobody has signed; nullopt: somebody has, and it is an ordinary envelope.
Result<std::optional<Bytes>> unsigned_payload(ByteView file) {
  TRY(json, parse_json(as_text(file), {sync::kMaxRootBytes, 8, sync::kMaxEnvelopeValues}));
  TRY(type, json.string_at("payloadType"));
  if (type != sync::payload_type_name(PayloadType::kRoot)) return make_error(ErrorCode::kInvalidInput, "no draft of a root");
  TRY(signatures, json.array_at("signatures"));
  if (!signatures->empty()) return std::optional<Bytes>();
  TRY(payload, json.base64_at("payload"));
  return std::optional<Bytes>(std::move(payload));
}

Result<std::set<sync::KeyId>> check_signers(ByteView file, const Root& current, const Root& next) {
  sync::KeyRing ring = role_ring(current, Role::kRoot);
  ring.merge(role_ring(next, Role::kRoot));
  TRY(opened, sync::open_envelope(file, PayloadType::kRoot, ring, sync::kMaxRootBytes));
  return std::move(opened.signers);
}

Status check_follows(const Root& next, const Root& current) {
  if (next.school != current.school) return make_error(ErrorCode::kUnauthentic, "this draft is another school's");
  if (next.version == current.version + 1) return ok();
  return make_error(ErrorCode::kStale, "this draft is for root " + std::to_string(next.version) + ", and the newest here is " + std::to_string(current.version) +
                                           (next.version <= current.version ? ": begin again from the newest" : ": `caretaker school update` brings what is missing"));
}

std::string missing_of(const Root& root, const std::set<sync::KeyId>& signers, const std::string& whose) {
  const auto& rule = root.roles.at(Role::kRoot);
  std::set<std::string> have, may;
  for (const sync::KeyId& id : rule.keys) (signers.contains(id) ? have : may).insert(root.keys.at(id).holder);
  const int missing = rule.threshold - static_cast<int>(have.size());
  if (missing <= 0) return "";
  std::string names;
  for (const std::string& holder : may) {
    if (!have.contains(holder)) names += (names.empty() ? "" : ", ") + printable(holder);
  }
  return std::to_string(missing) + " more of the " + whose + " root's holders (" + names + ")";
}

}  // namespace

Bytes make_draft(const Root& root) { return sync::make_envelope(PayloadType::kRoot, sync::make_root_payload(root), {}); }

Result<RootDraft> open_draft(ByteView file, const sync::VerifiedRoot& current) {
  TRY(bare, unsigned_payload(file));
  const bool is_signed = !bare;
  if (is_signed) {
    TRY(payload, sync::unverified_payload(file, PayloadType::kRoot, sync::kMaxRootBytes));
    bare = std::move(payload);
  }
  TRY(root, sync::parse_root(*bare));
  TRY_DONE(check_follows(root, current.root()));
  RootDraft draft{std::move(root), std::move(*bare), {}};
  if (!is_signed) return draft;
  TRY(signers, check_signers(file, current.root(), draft.root));
  draft.signers = std::move(signers);
  return draft;
}

Result<Bytes> sign_draft(ByteView file, const SigningKey& key) {
  TRY(bare, unsigned_payload(file));
  const SigningKey* signer = &key;
  if (bare) return sync::make_envelope(PayloadType::kRoot, *bare, {&signer, 1});
  return sync::add_signature(file, PayloadType::kRoot, key);
}

std::string missing_signatures(const RootDraft& draft, const sync::VerifiedRoot& current) {
  const std::string old = missing_of(current.root(), draft.signers, "present");
  const std::string own = missing_of(draft.root, draft.signers, "new");
  if (old.empty() || own.empty()) return old + own;
  const bool same = old.front() == own.front() && old.substr(old.find('(')) == own.substr(own.find('('));
  return same ? own : old + " and " + own;
}

}  // namespace caretaker::agent
