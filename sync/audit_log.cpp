#include "sync/audit_log.h"

#include <cstdlib>

#include "sync/checks.h"
#include "sync/staff_request.h"

namespace caretaker::sync {

Hash first_audit_link(const SchoolId& school) {
  Hasher hasher;
  hasher.add(as_bytes("caretaker audit v1"));
  hasher.add(school);
  return hasher.finish();
}

Hash next_audit_link(const Hash& link, const AuditEntry& entry) {
  ByteWriter out;
  out.raw(link);
  out.u64(static_cast<std::uint64_t>(entry.number));
  out.u64(static_cast<std::uint64_t>(entry.time));
  out.sized(entry.by);
  out.sized(entry.action);
  out.sized(entry.outcome);
  out.raw(entry.request_hash);
  return hash(out.bytes());
}

AuditWalk::AuditWalk(const SchoolId& school, std::map<KeyId, RootKey> people) : school_(school), people_(std::move(people)), link_(first_audit_link(school)) {
  for (const auto& [id, key] : people_) ring_[id] = key.public_key;
}

// By somebody who was of the school's people at some time, for this school, at this time, and with the words of the entry.
Result<std::string> AuditWalk::check_request(const AuditEntry& entry) {
  const std::string at = std::to_string(entry.number);
  if (hash(entry.request) != entry.request_hash) return refuse(Check::kAuditLink, at);
  const auto opened = open_envelope(entry.request, PayloadType::kStaffRequest, ring_);
  if (!opened) return refuse(Check::kAuditRequest, at + ": " + opened.error().message);
  const auto request = parse_staff_request(opened->payload);
  if (!request) return refuse(Check::kAuditRequest, at + ": " + request.error().message);
  const bool says_so = entry.action == request->action || entry.action.starts_with(request->action + " ");
  const bool fits = request->school == school_ && says_so && std::abs(entry.time - request->time) <= kStaffRequestSeconds;
  const KeyId signer = entry.by.substr(0, entry.by.find(' '));
  if (!fits || !opened->signers.contains(signer)) return refuse(Check::kAuditRequest, at);
  if (!nonces_.insert(request->nonce).second) return refuse(Check::kAuditTwice, at);
  return people_.at(signer).holder;
}

Result<std::string> AuditWalk::next(const AuditEntry& entry) {
  if (number_ != 0 && entry.number != number_ + 1) return refuse(Check::kAuditNumber, std::to_string(entry.number));
  const Hash link = next_audit_link(link_, entry);
  if (link != entry.link) return refuse(Check::kAuditLink, std::to_string(entry.number));
  TRY(holder, entry.request.empty() ? Result<std::string>(std::string()) : check_request(entry));
  number_ = entry.number;
  link_ = link;
  return holder;
}

}  // namespace caretaker::sync
