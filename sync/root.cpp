#include "sync/root.h"

#include <algorithm>
#include <array>

#include "sync/checks.h"
#include "sync/root_form.h"

namespace caretaker::sync {
namespace {

constexpr std::array<std::string_view, 8> kRoleNames = {"root",      "policy",    "lists",    "lock",
                                                        "wipe",      "exception", "receipts", "safeguarding"};

std::size_t count_holders(const Root& root, const std::set<KeyId>& keys) {
  std::set<std::string_view> holders;
  for (const KeyId& id : keys) holders.insert(root.keys.at(id).holder);
  return holders.size();
}

bool has_key(const Root& root, Role role, const KeyId& id) {
  const auto rule = root.roles.find(role);
  return rule != root.roles.end() && rule->second.keys.contains(id);
}

Status check_key_ids(const Root& root) {
  for (const auto& [id, key] : root.keys) {
    if (id != key_id(key.public_key)) return refuse(Check::kRootKeyIds, id);
  }
  for (const auto& [id, recipient] : root.recipients) {
    if (id != key_id(recipient.public_key)) return refuse(Check::kRootKeyIds, id);
  }
  return ok();
}

Status check_roles(const Root& root) {
  for (const Role needed : {Role::kRoot, Role::kPolicy, Role::kReceipts}) {
    if (!root.roles.contains(needed)) return refuse(Check::kRootRoles, role_name(needed));
  }
  for (const auto& [role, rule] : root.roles) {
    for (const KeyId& id : rule.keys) {
      if (!root.keys.contains(id)) return refuse(Check::kRootRoles, role_name(role));
    }
    if (static_cast<std::size_t>(rule.threshold) > count_holders(root, rule.keys)) {
      return refuse(Check::kRootRoles, role_name(role));
    }
    const int least = role == Role::kRoot || role == Role::kWipe ? 2 : 1;
    if (rule.threshold < least) return refuse(Check::kRootThresholds, role_name(role));
  }
  return ok();
}

// The server's key and the list publisher's lie on machines that run all day: they may be nothing else.
Status check_separation(const Root& root) {
  for (const Role machine : {Role::kReceipts, Role::kLists}) {
    const auto rule = root.roles.find(machine);
    if (rule == root.roles.end()) continue;
    for (const auto& [other, other_rule] : root.roles) {
      if (other == machine) continue;
      for (const KeyId& id : rule->second.keys) {
        if (has_key(root, other, id)) return refuse(Check::kRootSeparation, role_name(machine));
      }
    }
  }
  return ok();
}

}  // namespace

std::string_view role_name(Role role) { return kRoleNames[static_cast<std::size_t>(role)]; }

Result<Role> parse_role(std::string_view name) {
  const auto found = std::find(kRoleNames.begin(), kRoleNames.end(), name);
  if (found == kRoleNames.end()) return make_error(ErrorCode::kNotFound, "no role \"" + std::string(name) + "\"");
  return static_cast<Role>(found - kRoleNames.begin());
}

Result<Root> parse_root(ByteView payload) {
  TRY(root, in_check(Check::kRootForm, parse_root_form(payload)));
  TRY_DONE(check_key_ids(root));
  TRY_DONE(check_roles(root));
  TRY_DONE(check_separation(root));
  return root;
}

KeyRing role_ring(const Root& root, Role role) {
  KeyRing ring;
  const auto rule = root.roles.find(role);
  if (rule == root.roles.end()) return ring;
  for (const KeyId& id : rule->second.keys) {
    const auto key = root.keys.find(id);
    if (key != root.keys.end()) ring.emplace(id, key->second.public_key);
  }
  return ring;
}

std::map<KeyId, BoxPublicKey> recipients_of(const Root& root, std::span<const std::string> kinds) {
  std::map<KeyId, BoxPublicKey> chosen;
  for (const auto& [id, recipient] : root.recipients) {
    const bool named = std::find(kinds.begin(), kinds.end(), recipient.kind) != kinds.end();
    if (named || recipient.kind == "escrow") chosen.emplace(id, recipient.public_key);
  }
  return chosen;
}

Status check_role(const Root& root, Role role, const std::set<KeyId>& signers, int threshold) {
  const auto rule = root.roles.find(role);
  if (rule == root.roles.end()) return refuse(Check::kBundleSigners, role_name(role));
  std::set<KeyId> counted;
  for (const KeyId& id : signers) {
    if (rule->second.keys.contains(id) && root.keys.contains(id)) counted.insert(id);
  }
  const int needed = threshold > 0 ? threshold : rule->second.threshold;
  if (count_holders(root, counted) >= static_cast<std::size_t>(needed)) return ok();
  return refuse(Check::kBundleSigners, std::string(role_name(role)) + " needs " + std::to_string(needed));
}

namespace {

// The payload, if enough holders of `signing`'s root role signed it.
Result<Bytes> open_root_payload(const RawBlob& blob, const Root& signing, Check check) {
  TRY(opened, open_envelope(blob.bytes, PayloadType::kRoot, role_ring(signing, Role::kRoot), kMaxRootBytes));
  if (!check_role(signing, Role::kRoot, opened.signers)) return refuse(check);
  return std::move(opened.payload);
}

// The same, or the next: a number that runs away is what generations are there against.
bool follows(std::int64_t before, std::int64_t after) { return after == before || after == before + 1; }

}  // namespace

Result<VerifiedRoot> VerifiedRoot::open_first(const RawBlob& blob, const SchoolId& pinned) {
  TRY(unverified, unverified_payload(blob.bytes, PayloadType::kRoot, kMaxRootBytes));
  if (hash(unverified) != pinned) return refuse(Check::kRootPinned);
  TRY(root, parse_root(unverified));
  if (root.version != 1) return refuse(Check::kRootFirstVersion);
  TRY_DONE(open_root_payload(blob, root, Check::kRootSignedByItself));
  return VerifiedRoot(std::move(root));
}

Result<VerifiedRoot> VerifiedRoot::open_next(const RawBlob& blob) const {
  TRY(payload, open_root_payload(blob, root_, Check::kRootSignedByOld));
  TRY(next, parse_root(payload));
  if (next.version != root_.version + 1) return refuse(Check::kRootNextVersion, std::to_string(next.version));
  if (next.school != root_.school) return refuse(Check::kRootSchool);
  if (next.issued < root_.issued) return refuse(Check::kRootTime);
  if (!follows(root_.policy_generation, next.policy_generation)) return refuse(Check::kRootGenerations, "policy");
  if (!follows(root_.lists_generation, next.lists_generation)) return refuse(Check::kRootGenerations, "lists");
  TRY_DONE(open_root_payload(blob, next, Check::kRootSignedByItself));
  return VerifiedRoot(std::move(next));
}

}  // namespace caretaker::sync
