// Places for orders at the server: one stolen key fills no disk, and keeps nobody from seeing, and ending, what it has signed.
#pragma once

#include "sync/order.h"
#include "sync/server/fleet_store.h"

namespace caretaker::server {

// Of one person, school-wide: orders that are not over, or that came within a day.
inline constexpr std::size_t kMaxOrdersOfOne = 64;

[[nodiscard]] std::string type_of_orders();

// `order`, verified, with `envelope`. The first unlock or cancel by this person of an order that is here finds room always; one of an order that is not
// here, or a second one, counts as a lock does. kFull.
[[nodiscard]] Status check_order_room(FleetStore& store, const sync::VerifiedRoot& root, const sync::Order& order, ByteView envelope, UnixSeconds now);

}  // namespace caretaker::server
