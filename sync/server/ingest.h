// One check-in, from bytes to answer. In this order: certificate, device signature, parse, chain and tags; then one
// transaction; then the receipt. Nothing is written for anybody whose signature has not been verified. Running the same
// check-in twice changes nothing the second time. PROTOCOL.md, "Ingest".
#pragma once

#include "sync/batch.h"
#include "sync/server/fleet_store.h"
#include "sync/server/school_state.h"

namespace caretaker::server {

// The answer's interval is the caller's to set. kInvalidInput, kUnauthentic (certificate or signature), kConflict (two at once; ask again), kFull.
[[nodiscard]] Result<sync::CheckinAnswer> ingest(FleetStore& store, const SchoolState& school, ByteView body, UnixSeconds now);

}  // namespace caretaker::server
