// POST /v1/staff: what the school's people ask of the server. sync/staff_request.h has the table of actions.
#pragma once

#include "sync/server/fleet_store.h"
#include "sync/server/school_state.h"

namespace caretaker::server {

// Verifies the request, uses up its nonce, does it, and writes into the audit who asked what and what came of it, before
// the answer leaves. What is published is opened with the same functions that devices use.
[[nodiscard]] Result<Json> answer_staff(FleetStore& store, SchoolState& school, ByteView body, UnixSeconds now);

}  // namespace caretaker::server
