// What a device signed about itself when it enrolled (its name, its hardware), kept by the server and believed by nobody who does not
// check it: who orders something about a lost machine must not depend on the server's word for which machine that is. Pure; any thread.
#pragma once

#include "sync/enrolment.h"

namespace caretaker::sync {

// Signed by the key that `device` is the hash of (E5, E6), and for this school. kUnauthentic: another device's, or another school's.
[[nodiscard]] Result<EnrolmentRequest> open_enrolment_record(const RawBlob& blob, const SchoolId& school, const DeviceId& device);

}  // namespace caretaker::sync
