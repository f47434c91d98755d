// What the school's people have asked of the server, in order: a chain of hashes over what each of them signed and what the server says
// came of it. PROTOCOL.md, "Audit". Pure; any thread.
#pragma once

#include <map>
#include <set>
#include <string>

#include "sync/root.h"

namespace caretaker::sync {

struct AuditEntry {
  std::int64_t number = 0;
  UnixSeconds time = 0;   // by the server's clock
  std::string by;         // key id and holder
  std::string action;     // of the request, and what it was about
  std::string outcome;    // "done", or the name of an error
  Bytes request;          // the envelope; empty: too large to be kept
  Hash request_hash{};
  Hash link{};
};

// link_0 = hash("caretaker audit v1" || school);
// link_i = hash(link_{i-1} || u64le(i) || u64le(time) || sized(by) || sized(action) || sized(outcome) || hash(request)).
[[nodiscard]] Hash first_audit_link(const SchoolId& school);
[[nodiscard]] Hash next_audit_link(const Hash& link, const AuditEntry& entry);

// Walks entries as they follow each other, from the first that has a link. G1 to G4 of PROTOCOL.md.
class AuditWalk {
 public:
  // `people`: every key that any root of the school has named.
  AuditWalk(const SchoolId& school, std::map<KeyId, RootKey> people);
  // Who asked: the holder of the key that signed; empty where only the server says so, since the request was too large to be kept.
  [[nodiscard]] Result<std::string> next(const AuditEntry& entry);
  [[nodiscard]] const Hash& link() const { return link_; }

 private:
  [[nodiscard]] Result<std::string> check_request(const AuditEntry& entry);
  SchoolId school_;
  std::map<KeyId, RootKey> people_;
  KeyRing ring_;  // of theirs
  Hash link_;
  std::int64_t number_ = 0;       // of the last entry; 0: none yet
  std::set<std::string> nonces_;
};

}  // namespace caretaker::sync
