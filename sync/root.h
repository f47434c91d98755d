// The school's root: whose keys count for what. TUF 1.0.33 section 5.3 is the client workflow; PROTOCOL.md numbers the
// checks. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "sync/envelope.h"
#include "sync/ids.h"

namespace caretaker::sync {

enum class Role {
  kRoot,          // names everybody else; 2 of 3 holders
  kPolicy,        // technicians: policies, tokens, devices
  kLists,         // the automated key of the list publisher
  kLock,          // may lock a device
  kWipe,          // may, two together, wipe a device
  kException,     // teachers: a site for a lesson
  kReceipts,      // the server: receipts, and certificates at enrolment
  kSafeguarding,  // may ask the server for sealed records
};
[[nodiscard]] std::string_view role_name(Role role);
[[nodiscard]] Result<Role> parse_role(std::string_view name);

struct RootKey {
  PublicKey public_key{};
  std::string holder;  // a person's role or name as the school chose it; two keys of one holder count once
};

struct RoleRule {
  int threshold = 1;        // different holders
  std::set<KeyId> keys;
};

// Somebody to whom sealed details are addressed.
struct Recipient {
  BoxPublicKey public_key{};
  std::string holder;
  std::string kind;  // "safeguarding", "technician" or "escrow"
};

struct Root {
  std::int64_t version = 0;
  std::string school_name;
  SchoolId school{};  // of a root 1: the hash of its own payload; of others: what stands in it
  UnixSeconds issued = 0;
  UnixSeconds expires = 0;
  std::map<KeyId, RootKey> keys;
  std::map<Role, RoleRule> roles;
  std::map<KeyId, Recipient> recipients;  // by id of the box key
  BoxPublicKey server_box{};              // to whom a device seals the first ratchet key of an epoch
  std::vector<Hash> tls_pins;             // SPKI pins, the spare included
  std::vector<std::string> servers;       // base URLs
  // Of policies and of lists: what was signed under an earlier number counts no more, so that a stolen key's version
  // without a successor can be left behind (PROTOCOL.md, "Generations"). Only the root's holders raise them.
  std::int64_t policy_generation = 0;
  std::int64_t lists_generation = 0;
};

[[nodiscard]] Bytes make_root_payload(const Root& root);
[[nodiscard]] Result<Root> parse_root(ByteView payload);  // structure and sense, not signatures

// All keys of a role, ready for open_envelope; empty if the role is not given.
[[nodiscard]] KeyRing role_ring(const Root& root, Role role);
// kUnauthentic unless `signers` holds keys of the role by at least `threshold` different holders (0: the role's own).
[[nodiscard]] Status check_role(const Root& root, Role role, const std::set<KeyId>& signers, int threshold = 0);

// To whom details are sealed: the recipients of these kinds, and the escrow key always.
[[nodiscard]] std::map<KeyId, BoxPublicKey> recipients_of(const Root& root, std::span<const std::string> kinds);

// A root that has passed every check, by the only two doors there are.
class VerifiedRoot {
 public:
  // Root 1: signed by enough of its own root keys, and its payload hashes to the school id that was pinned at enrolment.
  [[nodiscard]] static Result<VerifiedRoot> open_first(const RawBlob& blob, const SchoolId& pinned);
  // Root N+1: version exactly N+1, signed by enough of N's and of its own root keys, same school, no generation taken back.
  [[nodiscard]] Result<VerifiedRoot> open_next(const RawBlob& blob) const;
  [[nodiscard]] const Root& root() const { return root_; }

 private:
  explicit VerifiedRoot(Root root) : root_(std::move(root)) {}
  Root root_;
};

}  // namespace caretaker::sync
