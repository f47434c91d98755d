// What people order about one lost device: lock, unlock, wipe, cancel a wipe. PROTOCOL.md, "Orders", numbers the checks; there is
// no syntax for a group of devices. open_order() is the one door: what it refuses gives no permit. Pure; any thread.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>

#include "platform/base/permits.h"
#include "sync/enrolment.h"
#include "sync/letter.h"
#include "sync/root.h"

namespace caretaker::sync {

using OrderId = LetterId;  // used once

enum class OrderKind { kLock, kUnlock, kWipe, kCancel };
[[nodiscard]] std::string_view order_kind_name(OrderKind kind);
// An unlock ends locks, a cancel wipes; the others end nothing.
[[nodiscard]] std::optional<OrderKind> kind_ended_by(OrderKind kind);

// Payload of PayloadType::kOrder.
struct Order {
  SchoolId school{};
  DeviceId device{};
  Hardware hardware;  // as in the device's certificate
  OrderId id{};                       // of what was parsed; nothing that is written
  std::array<std::uint8_t, 16> nonce{};  // random, so that no two orders have the same id
  OrderKind kind = OrderKind::kLock;
  UnixSeconds issued = 0;
  UnixSeconds until = 0;         // undelivered until then, it is void; what was delivered goes on
  std::int64_t grace_s = 0;      // of a wipe: powered on, after delivery
  std::optional<OrderId> target;  // of unlock and cancel: the order that it ends
  std::string message;           // of lock and wipe, shown to whoever has the device
  std::string telephone;
  std::string asset;             // the school's number of the machine, for the certificate of a wipe
  std::string reason;            // for the school's own record
};
[[nodiscard]] Bytes make_order_payload(const Order& order);
[[nodiscard]] Result<Order> parse_order(ByteView payload);

// What was ended, as what: an unlock that names a wipe ends no wipe.
using EndedOrders = std::set<std::pair<OrderId, OrderKind>>;

// The machine that an order has reached, as it knows itself.
struct OrderedMachine {
  DeviceId device{};
  Hardware hardware;                   // read from the firmware now, not from a file
  bool is_forked = false;              // its book went on in two places: a clone, or a disk that was put back
  const EndedOrders* ended = nullptr;  // before they came
};
struct OrderTimes {
  UnixSeconds clock = 0;
  UnixSeconds floor = 0;  // the highest time that people's keys have signed
};

class VerifiedOrder {
 public:
  [[nodiscard]] const Order& order() const { return order_; }
  [[nodiscard]] const std::set<KeyId>& signers() const { return signers_; }
  // Of a lock, and of a wipe, which locks at once.
  [[nodiscard]] const std::optional<LockPermit>& lock_permit() const { return lock_; }
  [[nodiscard]] const std::optional<WipePermit>& wipe_permit() const { return wipe_; }

 private:
  friend class OrderDoor;
  VerifiedOrder(Order order, std::set<KeyId> signers) : order_(std::move(order)), signers_(std::move(signers)) {}
  Order order_;
  std::set<KeyId> signers_;
  std::optional<LockPermit> lock_;
  std::optional<WipePermit> wipe_;
};

// An order that has just come. Lock and unlock: one holder of role lock; wipe: two different holders of role wipe; cancel: one of
// these. Expiry is judged by signed time, and by the clock only as far as that can be true; a wipe on a machine whose clock cannot
// be true, whose hardware cannot be read or whose identity is forked is refused.
[[nodiscard]] Result<VerifiedOrder> open_order(const RawBlob& blob, const VerifiedRoot& root, const OrderedMachine& machine,
                                               const OrderTimes& times);
// One that was accepted before and is read back from disk, by the newest of `roots` (in their order) under which it holds. It stays in
// force: no later root that took a signer away ends it, neither does time, use, or a doubt about the identity that came since. Hardware is for
// whoever begins a wipe: check_order_hardware().
struct ReopenedOrder {
  VerifiedOrder order;
  std::int64_t root = 0;  // version of that root
};
[[nodiscard]] Result<ReopenedOrder> reopen_order(const RawBlob& blob, std::span<const VerifiedRoot> roots, const DeviceId& device);
// O5: for a wipe the very same answer of the firmware, for anything else that nothing speaks against it.
[[nodiscard]] Status check_order_hardware(const Order& order, const Hardware& found);
// For people and the server: signatures, school and form; it gives no permit.
[[nodiscard]] Result<Order> read_order(const RawBlob& blob, const VerifiedRoot& root);
// The same of one that was published earlier: by the newest of `roots` under which it holds.
struct PastOrder {
  Order order;
  std::set<std::string> holders;
  std::int64_t root = 0;
};
[[nodiscard]] Result<PastOrder> read_past_order(const RawBlob& blob, std::span<const VerifiedRoot> roots);
// The holders who signed it, of the role that it needs; fewer than it needs is no error.
[[nodiscard]] Result<std::set<std::string>> order_holders(const RawBlob& blob, const VerifiedRoot& root);

// The clock is neither before what people have signed nor further ahead of it than anything signed lasts.
[[nodiscard]] bool is_clock_plausible(const OrderTimes& times);

}  // namespace caretaker::sync
