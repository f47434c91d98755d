#include "sync/server/school_state.h"

#include <algorithm>

namespace caretaker::server {
namespace {

constexpr std::int64_t kAheadSeconds = 24 * 3600;

Error not_ours(std::string_view what) {
  return make_error(ErrorCode::kUnauthentic, "the root does not name this server's " + std::string(what));
}

Status check_names_us(const sync::Root& root, const ServerKeys& keys) {
  if (!sync::role_ring(root, sync::Role::kReceipts).contains(sync::key_id(keys.sign.public_key))) return not_ours("signing key (role receipts)");
  if (root.server_box != keys.box.public_key) return not_ours("box key");
  const bool pinned = std::find(root.tls_pins.begin(), root.tls_pins.end(), keys.tls.pin) != root.tls_pins.end();
  if (!pinned) return not_ours("TLS pin");
  return ok();
}

// The school is whatever this root says: who runs the command decides that it is the right one.
Result<sync::VerifiedRoot> open_root_one(const sync::RawBlob& blob) {
  TRY(payload, sync::unverified_payload(blob.bytes, sync::PayloadType::kRoot));
  return sync::VerifiedRoot::open_first(blob, hash(payload));
}

// Each of them was verified before it was stored.
Result<sync::VerifiedRoot> walk(const std::vector<Bytes>& envelopes) {
  if (envelopes.empty()) {
    return make_error(ErrorCode::kNotFound, "no school yet (caretaker-server --data DIR adopt ROOT1.json names it)");
  }
  auto root = open_root_one({envelopes.front()});
  for (std::size_t i = 1; root && i < envelopes.size(); ++i) root = root->open_next({envelopes[i]});
  if (root) return root;
  return make_error(ErrorCode::kDamaged, "fleet.db is damaged, a root in it is not what was published: " + root.error().message);
}

}  // namespace

Result<sync::VerifiedRoot> newest_root(FleetStore& store) {
  TRY(envelopes, store.roots());
  return walk(envelopes);
}

Status check_issued(UnixSeconds issued, UnixSeconds now) {
  if (issued <= now + kAheadSeconds) return ok();
  return make_error(ErrorCode::kInvalidInput, "it says that it was issued more than a day from now; is the clock right where it was signed, and here?");
}

Status SchoolState::adopt(FleetStore& store, const ServerKeys& keys, const sync::RawBlob& first) {
  TRY(root, open_root_one(first));
  TRY_DONE(check_names_us(root.root(), keys));
  TRY(held, store.roots());
  if (!held.empty() && held.front() == first.bytes) return ok();
  if (!held.empty()) return make_error(ErrorCode::kConflict, "this server has another school already");
  return store.add_root(1, first.bytes);
}

Result<SchoolState> SchoolState::open(FleetStore& store, ServerKeys keys) {
  TRY(envelopes, store.roots());
  TRY(root, walk(envelopes));
  TRY_DONE(store.begin_changes(root.root().school));
  return SchoolState(std::move(root), std::move(keys), std::move(envelopes));
}

Result<std::int64_t> SchoolState::publish_next(FleetStore& store, const sync::RawBlob& blob, UnixSeconds now) {
  TRY(next, root_.open_next(blob));
  TRY_DONE(check_issued(next.root().issued, now));
  TRY_DONE(check_names_us(next.root(), keys_));
  TRY_DONE(store.transaction([&]() -> Status {
    TRY_DONE(store.add_root(next.root().version, blob.bytes));
    if (next.root().policy_generation != root_.root().policy_generation) TRY_DONE(store.retire_policies());
    if (next.root().lists_generation != root_.root().lists_generation) TRY_DONE(store.retire_lists());
    return ok();
  }));
  root_ = std::move(next);
  envelopes_.push_back(blob.bytes);
  return root_.root().version;
}

Bytes SchoolState::sign(sync::PayloadType type, ByteView payload) const {
  const SigningKey* key = &keys_.sign;
  return sync::make_envelope(type, payload, {&key, 1});
}

}  // namespace caretaker::server
