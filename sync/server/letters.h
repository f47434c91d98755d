// What a device's book says of letters.
#pragma once

#include "sync/server/fleet_store.h"

namespace caretaker::server {

// An event of the kinds "letter.taken" and "letter.refused" is the device's word on a letter; any other is none.
[[nodiscard]] Status note_letter_event(FleetStore& store, const sync::DeviceId& device, ByteView body, UnixSeconds now);

}  // namespace caretaker::server
