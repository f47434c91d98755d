// The one school that a server serves: its chain of roots, verified from the first, and the server's own keys.
#pragma once

#include <vector>

#include "sync/root.h"
#include "sync/server/fleet_store.h"
#include "sync/server/server_keys.h"

namespace caretaker::server {

// The newest root held, every one before it walked. kNotFound: no school has been adopted.
[[nodiscard]] Result<sync::VerifiedRoot> newest_root(FleetStore& store);

// Of what is to be published: at most a day ahead of this server's clock, else kInvalidInput. What a device has taken is its clock's floor from
// then on, so a time that is not yet would end the use of everything that was signed honestly before it; and a device cannot tell, for its clock
// may be the one that is wrong.
[[nodiscard]] Status check_issued(UnixSeconds issued, UnixSeconds now);

class SchoolState {
 public:
  // Makes root 1 this server's school, for good; doing it again is fine. kConflict when there is another, kUnauthentic when the root does not stand up
  // or names another server's keys.
  [[nodiscard]] static Status adopt(FleetStore& store, const ServerKeys& keys, const sync::RawBlob& first);
  // Verifies all roots held again. kNotFound: no school has been adopted.
  [[nodiscard]] static Result<SchoolState> open(FleetStore& store, ServerKeys keys);

  // The next root: verified against the newest, stored, and in force from now on. It must still name this server's keys:
  // a root without them would end every receipt. It passes check_issued().
  [[nodiscard]] Result<std::int64_t> publish_next(FleetStore& store, const sync::RawBlob& blob, UnixSeconds now);

  [[nodiscard]] const sync::VerifiedRoot& root() const { return root_; }
  [[nodiscard]] const sync::SchoolId& id() const { return root_.root().school; }
  [[nodiscard]] const ServerKeys& keys() const { return keys_; }
  [[nodiscard]] Bytes sign(sync::PayloadType type, ByteView payload) const;  // by the server
  [[nodiscard]] const std::vector<Bytes>& envelopes() const { return envelopes_; }  // envelopes()[0] is root 1

 private:
  SchoolState(sync::VerifiedRoot root, ServerKeys keys, std::vector<Bytes> envelopes)
      : root_(std::move(root)), keys_(std::move(keys)), envelopes_(std::move(envelopes)) {}
  sync::VerifiedRoot root_;
  ServerKeys keys_;
  std::vector<Bytes> envelopes_;
};

}  // namespace caretaker::server
