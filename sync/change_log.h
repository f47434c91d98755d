// Everything signed that a school has published, in order: a chain of hashes over the envelopes as they are. Whoever has the
// school's id can check all of it offline. PROTOCOL.md, "Changes". Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sync/root.h"

namespace caretaker::sync {

// link_0 = hash("caretaker changes v1" || school); link_i = hash(link_{i-1} || u64le(i) || hash(envelope_i)).
[[nodiscard]] Hash first_change_link(const SchoolId& school);
[[nodiscard]] Hash next_change_link(const Hash& link, std::int64_t number, ByteView envelope);

struct ChangeEntry {
  std::int64_t number = 0;
  Bytes envelope;
  Hash link{};
};

// What a verified entry says.
struct Change {
  std::int64_t number = 0;
  std::string kind;                  // "root", "policy", "lists", "exception", "order", or "unknown"
  std::int64_t version = 0;          // of root, policy and lists
  UnixSeconds issued = 0;
  std::vector<std::string> holders;  // who signed, as the root of that moment names them
  std::string what;                  // in a few words
  bool verified = true;              // false: of a kind whose signatures are not known here
};

// Walks entries from number 1 on. J1 to J4 of PROTOCOL.md; J5 and J6 are for whoever has seen a head, or asks devices.
class ChangeWalk {
 public:
  explicit ChangeWalk(const SchoolId& school) : school_(school), link_(first_change_link(school)) {}
  [[nodiscard]] Result<Change> next(const ChangeEntry& entry);

  [[nodiscard]] std::int64_t number() const { return number_; }
  [[nodiscard]] const Hash& link() const { return link_; }
  [[nodiscard]] const std::optional<VerifiedRoot>& root() const { return root_; }
  [[nodiscard]] std::int64_t policy() const { return policy_; }
  [[nodiscard]] std::int64_t lists() const { return lists_; }

 private:
  [[nodiscard]] Result<Change> open(const ChangeEntry& entry);
  SchoolId school_;
  Hash link_;
  std::int64_t number_ = 0;
  std::optional<VerifiedRoot> root_;
  std::int64_t policy_ = 0;
  std::int64_t lists_ = 0;
};

}  // namespace caretaker::sync
