// Orders to lost devices: published like any letter, but each for one device and with a bound on wipes; what the device's book says
// became of them; and the certificate that a wiped device leaves. The server judges no order: the device does.
#pragma once

#include "platform/base/json.h"
#include "sync/server/fleet_store.h"
#include "sync/server/school_state.h"

namespace caretaker::server {

// However good their signatures are: more wipes than these in a day is what a stolen pair of keys looks like, and a school has no use for it.
inline constexpr std::size_t kMaxWipesPerDay = 3;

// order.publish {"envelope": base64} -> {"order": hex}. kPermissionDenied: a wipe of a device that is forked, cloned or replaced (not of one
// whose book has gaps);
// kFull: too many wipes today, or too many orders by one person (order_room.h).
[[nodiscard]] Result<Json> publish_order(FleetStore& store, const SchoolState& school, const Json& arguments, UnixSeconds now);
// Of those that are listed: the newest, and every lock and wipe that may be in force, or come into it, and that nothing ends.
inline constexpr std::size_t kMaxOrdersListed = 64;
// orders.list {"device": hex, may be absent} -> {"more": older ones did not fit into an answer, "orders": [{"order", "device": hex, "envelope": base64, "published", "given": times, "answer":
// text, "states": [{"state": text, "time": time}, ...]}]}
[[nodiscard]] Result<Json> list_orders(FleetStore& store, const Json& arguments, UnixSeconds now);
// The newest order to each device that has one: {"order": hex, "kind": text, "state": text}. State: "queued" until it was given, "delivered" until the book
// says more, then what that said last.
[[nodiscard]] Result<std::map<sync::DeviceId, Json>> newest_orders(FleetStore& store);
// wipe.record {"device": hex} -> {"record": base64}, with the first roots; of a longer history whoever asks has the others.
[[nodiscard]] Result<Json> give_wipe_record(FleetStore& store, const SchoolState& school, const Json& arguments);

// An event "order.<state>" of the device's book. Any other is none.
[[nodiscard]] Status note_order_event(FleetStore& store, const sync::DeviceId& device, ByteView body);
// A disk that was put back, or that lost what it knew of orders, may have forgotten locks and wipes that it took and that nothing ended since. A lock that
// is not over is given again (a device that has forgotten nothing says "used before" to it, which is "taken"); of a lock that is over, and of a wipe, which
// is used once whatever happens, it is uncertain whether they hold.
[[nodiscard]] Status note_forgetting(FleetStore& store, const sync::DeviceId& device, ByteView body, UnixSeconds now);
// The certificate in a device's state, if there is one: verified, countersigned and kept.
[[nodiscard]] Status keep_wipe_certificate(FleetStore& store, const SchoolState& school, const sync::DeviceCertificate& device, const Json& state,
                                           UnixSeconds now);

}  // namespace caretaker::server
