// Old records for a new reader: wrapped keys that a safeguarding lead made, put beside the sealed parts that are here already.
#pragma once

#include "platform/base/json.h"
#include "sync/root.h"
#include "sync/server/fleet_store.h"

namespace caretaker::server {

// {"keys": [{"event": id, "recipient": key id, "wrapped": base64}, ...]} -> {"added": n, "left": n}. Left is what is not there any more
// (retention, erasure), what is addressed to the recipient already, and what has no room. kPermissionDenied: somebody whom the root does
// not name. All or nothing. The server cannot tell a wrong key from a right one: the reader does, by the event's commitment.
[[nodiscard]] Result<Json> rewrap_events(FleetStore& store, const sync::Root& root, const Json& arguments);

}  // namespace caretaker::server
