// What an action of the school's people may use; staff.cpp has the table of actions.
#pragma once

#include "platform/base/json.h"
#include "sync/server/fleet_store.h"
#include "sync/server/school_state.h"

namespace caretaker::server {

struct Desk {
  FleetStore& store;
  SchoolState& school;
  const Json& arguments;
  const std::string& holder;
  UnixSeconds now;
  std::string about = {};  // what the audit says beside the action
};

[[nodiscard]] inline Result<sync::RawBlob> envelope_of(const Desk& desk) {
  TRY(envelope, desk.arguments.base64_at("envelope"));
  return sync::RawBlob{std::move(envelope)};
}

// A sealed part as it is stored; "damaged" where it cannot be read any more: that is one record's loss, not that of all that are asked for
// with it. `record` is how the log names it.
[[nodiscard]] Json sealed_json(ByteView stored, const std::string& record);

// exception.publish, exceptions.list, policy.current (staff_exceptions.cpp).
[[nodiscard]] Result<Json> publish_exception(Desk& desk);
[[nodiscard]] Result<Json> list_exceptions(Desk& desk);
[[nodiscard]] Result<Json> current_policy(Desk& desk);

// evidence.batches, evidence.open, hold.add, hold.lift, holds.list (staff_evidence.cpp).
[[nodiscard]] Result<Json> evidence_batches(Desk& desk);
[[nodiscard]] Result<Json> evidence_open(Desk& desk);
[[nodiscard]] Result<Json> add_hold(Desk& desk);
[[nodiscard]] Result<Json> lift_hold(Desk& desk);
[[nodiscard]] Result<Json> list_holds(Desk& desk);

// changes.list (staff_changes.cpp), audit.list (staff_audit.cpp).
[[nodiscard]] Result<Json> list_changes(Desk& desk);
[[nodiscard]] Result<Json> list_audit(Desk& desk);

}  // namespace caretaker::server
