// What a device's book says of what was signed for it.
#pragma once

#include "sync/server/fleet_store.h"

namespace caretaker::server {

// An event of the kinds "letter.taken" and "letter.refused" is the device's word on a letter; any other is none.
[[nodiscard]] Status note_letter_event(FleetStore& store, const sync::DeviceId& device, ByteView body, UnixSeconds now);

// "policy.refused" and the like: what the technician is told of this device, until it has taken a newer one.
[[nodiscard]] Status note_trust_event(FleetStore& store, const sync::DeviceId& device, ByteView body, UnixSeconds now);

}  // namespace caretaker::server
