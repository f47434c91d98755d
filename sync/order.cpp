#include "sync/order.h"

#include <algorithm>
#include <array>
#include <functional>

#include "sync/checks.h"
#include "sync/fields.h"

namespace caretaker::sync {
namespace {

constexpr std::array<std::string_view, 4> kKindNames = {"lock", "unlock", "wipe", "cancel"};
constexpr UnixSeconds kClockSlack = 86'400;
constexpr int kWipeHolders = 2;

Result<OrderKind> parse_kind(std::string_view name) {
  const auto found = std::find(kKindNames.begin(), kKindNames.end(), name);
  if (found == kKindNames.end()) return make_error(ErrorCode::kInvalidInput, "no such kind of order");
  return static_cast<OrderKind>(found - kKindNames.begin());
}

bool ends_another(OrderKind kind) { return kind == OrderKind::kUnlock || kind == OrderKind::kCancel; }

Result<std::optional<OrderId>> parse_target(const Json& json, OrderKind kind) {
  if (ends_another(kind) == json["target"].is_null()) {
    return make_error(ErrorCode::kInvalidInput, "\"target\" belongs to unlock and cancel, and only there");
  }
  if (json["target"].is_null()) return std::optional<OrderId>();
  TRY(target, json.hex_array_at<16>("target"));
  return std::optional<OrderId>(target);
}

Result<Order> parse_fields(ByteView payload) {
  TRY(json, parse_object_v1(payload, kMaxOrderBytes));
  TRY(school, json.hex_array_at<32>("school"));
  TRY(device, json.hex_array_at<32>("device"));
  TRY(dmi_uuid, text_at(json["hardware"], "dmi_uuid"));
  TRY(board_serial, text_at(json["hardware"], "board_serial"));
  TRY(nonce, json.hex_array_at<16>("nonce"));
  TRY(kind_text, json.string_at("kind"));
  TRY(kind, parse_kind(kind_text));
  TRY(issued, number_at(json, "issued", kMaxInteger - kMaxOrderLifetime));
  TRY(until, number_at(json, "until", issued + kMaxOrderLifetime, issued + 1));
  TRY(grace, number_at(json, "grace_s", kMaxGrace));
  TRY(target, parse_target(json, kind));
  TRY(message, text_at(json, "message"));
  TRY(telephone, text_at(json, "telephone", 64));
  TRY(asset, text_at(json, "asset"));
  TRY(reason, text_at(json, "reason"));
  return Order{school, device, {dmi_uuid, board_serial}, letter_id(payload), nonce, kind, issued, until, grace, target, message, telephone, asset, reason};
}

Role role_of(OrderKind kind) {
  return kind == OrderKind::kLock || kind == OrderKind::kUnlock ? Role::kLock : Role::kWipe;
}

KeyRing order_ring(const Root& root) {
  KeyRing ring = role_ring(root, Role::kLock);
  ring.merge(role_ring(root, Role::kWipe));
  return ring;
}

// Each kind by its own role: a wipe by two holders, whatever the root says beyond that; one of them cancels.
Status check_signers(const Root& root, OrderKind kind, const std::set<KeyId>& signers) {
  int threshold = 0;
  if (kind == OrderKind::kCancel) threshold = 1;
  if (kind == OrderKind::kWipe) {
    const auto rule = root.roles.find(Role::kWipe);
    threshold = std::max(kWipeHolders, rule == root.roles.end() ? 0 : rule->second.threshold);
  }
  if (check_role(root, role_of(kind), signers, threshold)) return ok();
  return refuse(Check::kOrderSigners, order_kind_name(kind));
}

struct SignedOrder {
  Order order;
  std::set<KeyId> signers;
};

Result<SignedOrder> open_signed(const RawBlob& blob, const Root& root) {
  TRY(opened, open_envelope(blob.bytes, PayloadType::kOrder, order_ring(root), kMaxOrderBytes));
  TRY(order, parse_order(opened.payload));
  if (order.school != root.school) return refuse(Check::kOrderSchool);
  return SignedOrder{std::move(order), std::move(opened.signers)};
}

bool differ(const std::string& named, const std::string& found) { return !named.empty() && !found.empty() && named != found; }

Status check_machine(const Order& order, const OrderedMachine& machine) {
  if (order.device != machine.device) return refuse(Check::kOrderDevice);
  TRY_DONE(check_order_hardware(order, machine.hardware));
  if (order.kind == OrderKind::kWipe && machine.is_forked) return refuse(Check::kOrderForked);
  return ok();
}

// By the newest root that lets it hold; the error is the newest one's.
template <typename T>
Result<T> by_newest(std::span<const VerifiedRoot> roots, const std::function<Result<T>(const VerifiedRoot&)>& open) {
  if (roots.empty()) return refuse(Check::kOrderSigners, "no root");
  auto newest = open(roots.back());
  for (auto root = roots.rbegin() + 1; !newest && root != roots.rend(); ++root) {
    if (auto older = open(*root)) return older;
  }
  return newest;
}

Status check_time(const Order& order, const OrderTimes& times) {
  const OrderTimes known{times.clock, std::max(times.floor, order.issued)};
  const bool plausible = is_clock_plausible(known);
  const UnixSeconds now = plausible ? std::max(times.clock, times.floor) : times.floor;
  if (order.until <= now) return refuse(Check::kOrderExpired, to_rfc3339(order.until));
  if (order.kind == OrderKind::kWipe && !plausible) return refuse(Check::kOrderClock, to_rfc3339(times.clock));
  return ok();
}

}  // namespace

std::string_view order_kind_name(OrderKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::optional<OrderKind> kind_ended_by(OrderKind kind) {
  if (kind == OrderKind::kUnlock) return OrderKind::kLock;
  if (kind == OrderKind::kCancel) return OrderKind::kWipe;
  return std::nullopt;
}

bool is_clock_plausible(const OrderTimes& times) {
  return times.clock >= times.floor - kClockSlack && times.clock <= times.floor + kMaxLifetime;
}

Status check_order_hardware(const Order& order, const Hardware& found) {
  const Hardware& named = order.hardware;
  if (differ(named.dmi_uuid, found.dmi_uuid) || differ(named.board_serial, found.board_serial)) return refuse(Check::kOrderHardware);
  const bool same = named.dmi_uuid == found.dmi_uuid && named.board_serial == found.board_serial;
  if (order.kind == OrderKind::kWipe && !same) return refuse(Check::kOrderHardware, "the firmware does not say the same");
  return ok();
}

Bytes make_order_payload(const Order& order) {
  Json::Object json{{"v", 1},
                    {"school", to_hex(order.school)},
                    {"device", to_hex(order.device)},
                    {"hardware", Json::Object{{"dmi_uuid", order.hardware.dmi_uuid}, {"board_serial", order.hardware.board_serial}}},
                    {"nonce", to_hex(order.nonce)},
                    {"kind", order_kind_name(order.kind)},
                    {"issued", order.issued},
                    {"until", order.until},
                    {"grace_s", order.grace_s},
                    {"message", order.message},
                    {"telephone", order.telephone},
                    {"asset", order.asset},
                    {"reason", order.reason}};
  if (order.target) json["target"] = to_hex(*order.target);
  return to_bytes(Json(std::move(json)).dump());
}

Result<Order> parse_order(ByteView payload) { return in_check(Check::kOrderForm, parse_fields(payload)); }

// The only maker of permits.
class OrderDoor {
 public:
  static VerifiedOrder open(SignedOrder checked) {
    VerifiedOrder verified(std::move(checked.order), std::move(checked.signers));
    const Order& order = verified.order_;
    if (order.kind == OrderKind::kWipe) verified.wipe_ = WipePermit(to_hex(order.id));
    if (order.kind == OrderKind::kWipe || order.kind == OrderKind::kLock) {
      verified.lock_ = LockPermit(to_hex(order.id), order.message, order.telephone);
    }
    return verified;
  }
};

Result<VerifiedOrder> open_order(const RawBlob& blob, const VerifiedRoot& root, const OrderedMachine& machine, const OrderTimes& times) {
  TRY(checked, open_signed(blob, root.root()));
  TRY_DONE(check_signers(root.root(), checked.order.kind, checked.signers));
  TRY_DONE(check_machine(checked.order, machine));
  const bool is_ended = machine.ended != nullptr && machine.ended->contains({checked.order.id, checked.order.kind});
  if (is_ended) return refuse(Check::kOrderUsed);
  TRY_DONE(check_time(checked.order, times));
  return OrderDoor::open(std::move(checked));
}

Result<ReopenedOrder> reopen_order(const RawBlob& blob, std::span<const VerifiedRoot> roots, const DeviceId& device) {
  return by_newest<ReopenedOrder>(roots, [&](const VerifiedRoot& root) -> Result<ReopenedOrder> {
    TRY(checked, open_signed(blob, root.root()));
    TRY_DONE(check_signers(root.root(), checked.order.kind, checked.signers));
    if (checked.order.device != device) return refuse(Check::kOrderDevice);
    return ReopenedOrder{OrderDoor::open(std::move(checked)), root.root().version};
  });
}

Result<Order> read_order(const RawBlob& blob, const VerifiedRoot& root) {
  TRY(checked, open_signed(blob, root.root()));
  TRY_DONE(check_signers(root.root(), checked.order.kind, checked.signers));
  return std::move(checked.order);
}

Result<PastOrder> read_past_order(const RawBlob& blob, std::span<const VerifiedRoot> roots) {
  return by_newest<PastOrder>(roots, [&](const VerifiedRoot& root) -> Result<PastOrder> {
    TRY(order, read_order(blob, root));
    TRY(holders, order_holders(blob, root));
    return PastOrder{std::move(order), std::move(holders), root.root().version};
  });
}

Result<std::set<std::string>> order_holders(const RawBlob& blob, const VerifiedRoot& root) {
  TRY(checked, open_signed(blob, root.root()));
  std::set<std::string> holders;
  const KeyRing counted = role_ring(root.root(), role_of(checked.order.kind));
  for (const KeyId& id : checked.signers) {
    if (counted.contains(id)) holders.insert(root.root().keys.at(id).holder);
  }
  return holders;
}

}  // namespace caretaker::sync
