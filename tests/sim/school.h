// The school's people and what they sign; the same in all runs.
#pragma once

#include "sync/batch.h"
#include "sync/bundle.h"
#include "sync/server/server_keys.h"
#include "tests/unit/sync/fixture.h"

namespace caretaker::sim {

inline constexpr UnixSeconds kStart = 1'790'000'000;

class School {
 public:
  School();
  [[nodiscard]] const sync::SchoolId& id() const { return people_.root.school; }
  [[nodiscard]] const Bytes& root() const { return root_; }
  [[nodiscard]] const sync::VerifiedRoot& verified_root() const { return verified_; }
  [[nodiscard]] const BoxKey& server_box() const { return people_.server_box; }
  [[nodiscard]] server::ServerKeys server_keys() const;
  // An envelope, signed by the technician.
  [[nodiscard]] Bytes policy(std::int64_t version, UnixSeconds issued, UnixSeconds expires) const;
  // An envelope, signed with the server's key.
  [[nodiscard]] Bytes receipt(const sync::Receipt& receipt) const;

 private:
  sync::test::TestSchool people_;
  Bytes root_;
  sync::VerifiedRoot verified_;
};

}  // namespace caretaker::sim
