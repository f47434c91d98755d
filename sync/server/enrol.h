// POST /v1/enrol: a machine with a technician's token becomes one of the school's. PROTOCOL.md, "Enrolment".
#pragma once

#include "sync/enrolment.h"
#include "sync/server/fleet_store.h"
#include "sync/server/school_state.h"

namespace caretaker::server {

// The token is used up in the same transaction that makes the device. A device whose answer was lost may ask again with the
// same token and key. kUnauthentic: not signed by the key it names; kPermissionDenied: token or school is wrong.
// `after`: the version of the last root that it was given already.
[[nodiscard]] Result<sync::EnrolmentAnswer> enrol(FleetStore& store, const SchoolState& school, ByteView body, UnixSeconds now, std::size_t after = 0);

// As many of the roots from number `first` on (0 is root 1) as fit into one answer.
[[nodiscard]] std::vector<Bytes> page_of_roots(const std::vector<Bytes>& roots, std::size_t first);

// What the device got at enrolment, signed anew by the server's key.
[[nodiscard]] Bytes make_certificate(const SchoolState& school, const DeviceRow& device);

}  // namespace caretaker::server
