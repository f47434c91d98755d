// What a technician (policy) and the list publisher (lists) sign for devices. Opened by one table of numbered checks
// (PROTOCOL.md, "Bundles"; TUF 5.4-5.6). Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sync/root.h"

namespace caretaker::sync {

struct PolicyBundle {
  std::int64_t version = 0;
  UnixSeconds issued = 0;
  UnixSeconds expires = 0;            // afterwards stale, never off
  std::vector<std::string> critical;  // features that a device must know to take it
  std::string policy_toml;            // the technician's own text, read by the same parser everywhere
  std::int64_t generation = 0;        // the root's; versions are compared within one
};

// One category's figures; what is signed is the canonical content, not a file layout.
struct ListCategory {
  std::uint64_t names = 0;
  bool locked = false;
};

struct ListsManifest {
  std::int64_t version = 0;
  UnixSeconds issued = 0;
  UnixSeconds expires = 0;
  Hash content{};         // canonical content of the whole set (policy/set_file.h)
  Hash locked_content{};  // canonical content of the locked categories alone
  std::uint64_t names = 0;
  std::uint64_t locked_names = 0;
  std::uint64_t file_size = 0;  // of the set file, to bound a download
  Hash file{};                  // BLAKE2b-256 of the set file as published: the snapshot's address
  std::map<std::string, ListCategory> categories;
  std::int64_t generation = 0;
};

[[nodiscard]] Bytes make_policy_payload(const SchoolId& school, const PolicyBundle& bundle);
[[nodiscard]] Bytes make_lists_payload(const SchoolId& school, const ListsManifest& manifest);

// What `caretaker policy build` leaves for `caretaker policy sign`: the manifest without school, version and times.
[[nodiscard]] Bytes make_lists_draft(const ListsManifest& manifest);
[[nodiscard]] Result<ListsManifest> parse_lists_draft(ByteView file);

class VerifiedPolicy {
 public:
  [[nodiscard]] const PolicyBundle& bundle() const { return bundle_; }
  [[nodiscard]] const std::set<KeyId>& signers() const { return signers_; }
 private:
  friend Result<VerifiedPolicy> open_policy(const RawBlob&, const VerifiedRoot&, std::int64_t, UnixSeconds);
  VerifiedPolicy(PolicyBundle bundle, std::set<KeyId> signers) : bundle_(std::move(bundle)), signers_(std::move(signers)) {}
  PolicyBundle bundle_;
  std::set<KeyId> signers_;
};

class VerifiedLists {
 public:
  [[nodiscard]] const ListsManifest& manifest() const { return manifest_; }
  [[nodiscard]] bool countersigned() const { return countersigned_; }  // by the policy role, besides the lists role
 private:
  friend Result<VerifiedLists> open_lists(const RawBlob&, const VerifiedRoot&, const std::optional<ListsManifest>&, UnixSeconds);
  VerifiedLists(ListsManifest manifest, bool countersigned) : manifest_(std::move(manifest)), countersigned_(countersigned) {}
  ListsManifest manifest_;
  bool countersigned_;
};

// A new policy. version_floor: highest version of the root's generation ever accepted (a lower or equal one is kStale, and so is
// one of another generation). now: the larger of clock and signed-time floor; expired is kStale. kUnsupported: an unknown
// critical feature.
[[nodiscard]] Result<VerifiedPolicy> open_policy(const RawBlob& blob, const VerifiedRoot& root, std::int64_t version_floor,
                                                 UnixSeconds now);
// A new lists manifest, measured against the one in force: a change of the locked class, or of more than 5 % of the names,
// needs a second signature by the policy role; the locked class can never become empty. A manifest has only counts, which
// bound the change from below: whoever installs the content counts what really changed, by day, month and category, and asks
// judge_lists_change() (lists_bounds.h).
[[nodiscard]] Result<VerifiedLists> open_lists(const RawBlob& blob, const VerifiedRoot& root,
                                               const std::optional<ListsManifest>& current, UnixSeconds now);

// What was accepted before and is read back from disk at start is opened with version_floor = 0, no current manifest and
// now = 0: signatures again, but neither expiry nor versions.

}  // namespace caretaker::sync
