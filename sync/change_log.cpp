#include "sync/change_log.h"

#include "sync/bundle.h"
#include "sync/checks.h"
#include "sync/exception.h"
#include "sync/order.h"

namespace caretaker::sync {
namespace {

std::vector<std::string> holders_of(const Root& root, const std::set<KeyId>& signers) {
  std::vector<std::string> out;
  for (const KeyId& signer : signers) {
    const auto key = root.keys.find(signer);
    if (key != root.keys.end()) out.push_back(key->second.holder);
  }
  return out;
}

Result<std::vector<std::string>> root_holders(ByteView envelope, const Root& root) {
  TRY(opened, open_envelope(envelope, PayloadType::kRoot, role_ring(root, Role::kRoot), kMaxRootBytes));
  return holders_of(root, opened.signers);
}

Result<std::vector<std::string>> lists_holders(ByteView envelope, const Root& root) {
  KeyRing ring = role_ring(root, Role::kLists);
  ring.merge(role_ring(root, Role::kPolicy));
  TRY(opened, open_envelope(envelope, PayloadType::kLists, ring));
  return holders_of(root, opened.signers);
}

bool is_of(const Bytes& envelope, PayloadType type) {
  const auto payload = unverified_payload(envelope, type);
  return payload || payload.error().code != ErrorCode::kUnsupported;
}

std::string lesson_text(const Exception& exception) {
  if (exception.closes) return "closes " + letter_name(*exception.closes);
  return exception.name + " for " + exception.group + " from " + to_rfc3339(exception.from) + " until " + to_rfc3339(exception.head.until);
}

std::string order_text(const Order& order) {
  const std::string kind(order_kind_name(order.kind));
  if (order.target) return kind + " of the order " + letter_name(*order.target) + " to device " + to_hex(order.device).substr(0, 12);
  return kind + " of device " + to_hex(order.device).substr(0, 12);
}

}  // namespace

Hash first_change_link(const SchoolId& school) {
  Hasher hasher;
  hasher.add(as_bytes("caretaker changes v1"));
  hasher.add(school);
  return hasher.finish();
}

Hash next_change_link(const Hash& link, std::int64_t number, ByteView envelope) {
  ByteWriter out;
  out.raw(link);
  out.u64(static_cast<std::uint64_t>(number));
  out.raw(hash(envelope));
  return hash(out.bytes());
}

Result<Change> ChangeWalk::open(const ChangeEntry& entry) {
  const RawBlob blob{entry.envelope};
  if (is_of(entry.envelope, PayloadType::kRoot)) {
    TRY(next, root_ ? root_->open_next(blob) : VerifiedRoot::open_first(blob, school_));
    TRY(holders, root_holders(entry.envelope, next.root()));
    const Root& root = next.root();
    if (root_ && root.policy_generation != root_->root().policy_generation) policy_ = 0;
    if (root_ && root.lists_generation != root_->root().lists_generation) lists_ = 0;
    Change change{entry.number, "root", root.version, root.issued, std::move(holders), std::to_string(root.keys.size()) + " keys"};
    root_ = std::move(next);
    return change;
  }
  if (!root_) return refuse(Check::kChangeRoot);
  if (is_of(entry.envelope, PayloadType::kPolicy)) {
    TRY(policy, open_policy(blob, *root_, 0, 0));
    if (policy.bundle().version <= policy_) return refuse(Check::kChangeVersion, "policy " + std::to_string(policy.bundle().version));
    policy_ = policy.bundle().version;
    return Change{entry.number, "policy", policy_, policy.bundle().issued, holders_of(root_->root(), policy.signers()), ""};
  }
  if (is_of(entry.envelope, PayloadType::kLists)) {
    TRY(lists, open_lists(blob, *root_, std::nullopt, 0));
    TRY(holders, lists_holders(entry.envelope, root_->root()));
    if (lists.manifest().version <= lists_) return refuse(Check::kChangeVersion, "lists " + std::to_string(lists.manifest().version));
    lists_ = lists.manifest().version;
    return Change{entry.number, "lists", lists_, lists.manifest().issued, std::move(holders), std::to_string(lists.manifest().names) + " names"};
  }
  if (is_of(entry.envelope, PayloadType::kException)) {
    TRY(opened, open_exception(blob, *root_));
    return Change{entry.number, "exception", 0, opened.exception.head.issued, holders_of(root_->root(), opened.signers), lesson_text(opened.exception)};
  }
  if (is_of(entry.envelope, PayloadType::kOrder)) {
    TRY(order, read_order(blob, *root_));
    TRY(holders, order_holders(blob, *root_));
    return Change{entry.number, "order", 0, order.issued, {holders.begin(), holders.end()}, order_text(order)};
  }
  return Change{entry.number, "unknown", 0, 0, {}, "a kind that this program does not know", false};
}

Result<Change> ChangeWalk::next(const ChangeEntry& entry) {
  if (entry.number != number_ + 1) return refuse(Check::kChangeNumber, std::to_string(entry.number));
  const Hash link = next_change_link(link_, entry.number, entry.envelope);
  if (link != entry.link) return refuse(Check::kChangeLink, std::to_string(entry.number));
  TRY(change, open(entry));
  number_ = entry.number;
  link_ = link;
  return change;
}

}  // namespace caretaker::sync
