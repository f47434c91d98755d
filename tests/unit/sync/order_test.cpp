#include "sync/order.h"

#include <catch2/catch.hpp>

#include "sync/limits.h"
#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using caretaker::sync::test::envelope_of;
using caretaker::sync::test::verdict;
using caretaker::sync::test::with;

namespace {

constexpr UnixSeconds kNow = 1'795'000'000;  // 2026
constexpr UnixSeconds k2040 = 2'210'000'000;
constexpr UnixSeconds k1999 = 930'000'000;

struct OrderWorld {
  test::TestSchool school;
  SigningKey second_key_of_technician = test::new_key();
  EndedOrders ended;
  OrderedMachine machine{Hash{5}, {"uuid-1", "board-1"}, false, &ended};
  OrderTimes times{kNow, kNow - 86'400};

  OrderWorld() {
    school.give(Role::kLock, 1, {{"technician", &school.technician}});
    school.give(Role::kWipe, 2, {{"technician", &school.technician}, {"technician", &second_key_of_technician},
                                 {"second technician", &school.second_technician}, {"head", &school.head}});
    school.root.school = hash(make_root_payload(school.root));
  }
  Order order(OrderKind kind) const {
    Order out;
    out.school = school.root.school;
    out.device = machine.device;
    out.hardware = machine.hardware;
    out.nonce = {7};
    out.kind = kind;
    out.issued = kNow - 60;
    out.until = kNow + 86'400;
    out.grace_s = kind == OrderKind::kWipe ? 3600 : 0;
    if (kind == OrderKind::kUnlock || kind == OrderKind::kCancel) out.target = OrderId{8};
    out.message = "Lost. Please bring it back.";
    out.telephone = "01632 960001";
    return out;
  }
  Bytes sign(const Order& order, std::initializer_list<const SigningKey*> keys) const {
    return envelope_of(PayloadType::kOrder, make_order_payload(order), keys);
  }
  std::string open(const Bytes& envelope) const { return verdict(open_order({envelope}, school.verified(), machine, times)); }
  std::string open_wipe(const Order& order) const { return open(sign(order, {&school.technician, &school.head})); }
  std::string open_lock(const Order& order) const { return open(sign(order, {&school.technician})); }
};

}  // namespace

TEST_CASE("an order comes back as it was signed, and a lock gives a permit to lock and none to wipe", "[R22]") {
  OrderWorld world;
  const auto opened = open_order({world.sign(world.order(OrderKind::kLock), {&world.school.technician})}, world.school.verified(),
                                 world.machine, world.times);
  REQUIRE(opened);
  CHECK(opened->order().message == "Lost. Please bring it back.");
  CHECK(opened->order().hardware.board_serial == "board-1");
  REQUIRE(opened->lock_permit());
  CHECK(opened->lock_permit()->telephone() == "01632 960001");
  CHECK_FALSE(opened->wipe_permit());
}

TEST_CASE("two different holders wipe, and the wipe locks too", "[R22]") {
  OrderWorld world;
  const auto opened = open_order({world.sign(world.order(OrderKind::kWipe), {&world.school.technician, &world.school.head})},
                                 world.school.verified(), world.machine, world.times);
  REQUIRE(opened);
  CHECK(opened->wipe_permit());
  CHECK(opened->lock_permit());
  CHECK(opened->wipe_permit()->order() == to_hex(opened->order().id));
}

TEST_CASE("O2: one signature, two by one person, the server's or a stranger's wipe nothing", "[R22]") {
  OrderWorld world;
  const Order wipe = world.order(OrderKind::kWipe);
  CHECK(world.open(world.sign(wipe, {&world.school.technician})) == "O2");
  CHECK(world.open(world.sign(wipe, {&world.school.technician, &world.second_key_of_technician})) == "O2");
  CHECK(world.open(world.sign(wipe, {&world.school.technician, &world.school.server})) == "O2");
  CHECK(world.open(world.sign(wipe, {&world.school.server})) == "E6");
  CHECK(world.open(world.sign(world.order(OrderKind::kLock), {&world.school.head})) == "O2");  // may wipe, may not lock
  CHECK(world.open(world.sign(world.order(OrderKind::kCancel), {&world.school.head})) == "verified");
  CHECK(world.open(world.sign(world.order(OrderKind::kUnlock), {&world.school.head})) == "O2");
}

TEST_CASE("O1: an order for ever, without an end, or for a group is no order", "[R22]") {
  OrderWorld world;
  const Bytes lock = make_order_payload(world.order(OrderKind::kLock));
  const auto signed_as = [&](const Bytes& payload) { return world.open(envelope_of(PayloadType::kOrder, payload, {&world.school.technician})); };
  CHECK(signed_as(lock) == "verified");
  CHECK(signed_as(with(lock, "until", kNow + kMaxOrderLifetime + 1)) == "O1");
  CHECK(signed_as(with(lock, "until", kNow - 100)) == "O1");
  CHECK(signed_as(with(lock, "device", Json::Array{to_hex(world.machine.device)})) == "O1");
  CHECK(signed_as(with(lock, "device", "*")) == "O1");
  CHECK(signed_as(with(lock, "kind", "erase")) == "O1");
  CHECK(signed_as(with(lock, "target", to_hex(OrderId{8}))) == "O1");
  CHECK(signed_as(with(lock, "message", std::string(257, 'x'))) == "O1");
  CHECK(signed_as(with(make_order_payload(world.order(OrderKind::kCancel)), "target", Json())) == "O1");
  CHECK(signed_as(with(lock, "v", 2)) == "O1");
}

TEST_CASE("E5: a field that was edited after signing refuses the order", "[R22]") {
  OrderWorld world;
  const Bytes envelope = world.sign(world.order(OrderKind::kWipe), {&world.school.technician, &world.school.head});
  const Json json = *parse_json(as_text(envelope));
  const Bytes payload = *json.base64_at("payload");
  CHECK(world.open(with(envelope, "payload", to_base64(with(payload, "grace_s", 0)))) == "E5");
  CHECK(world.open(with(envelope, "payload", to_base64(with(payload, "device", to_hex(Hash{6}))))) == "E5");
  CHECK(world.open(with(envelope, "payloadType", payload_type_name(PayloadType::kPolicy))) == "E3");
}

TEST_CASE("O3 to O5: another school's, another device's, a clone's order is refused", "[R22]") {
  OrderWorld world;
  Order school = world.order(OrderKind::kWipe), device = school, uuid = school, silent = school;
  school.school = {9};
  device.device = {9};
  uuid.hardware.dmi_uuid = "uuid-2";
  CHECK(world.open_wipe(school) == "O3");
  CHECK(world.open_wipe(device) == "O4");
  CHECK(world.open_wipe(uuid) == "O5");
  silent.kind = OrderKind::kLock;
  const Order wipe = world.order(OrderKind::kWipe);
  world.machine.hardware = {};
  CHECK(world.open_lock(silent) == "verified");  // nothing speaks against it
  CHECK(world.open_wipe(wipe) == "O5");
}

TEST_CASE("O6 and O7: signed time and the clock together decide, never the clock alone", "[R22]") {
  OrderWorld world;
  Order lock = world.order(OrderKind::kLock), wipe = world.order(OrderKind::kWipe);
  world.times.clock = lock.until;
  CHECK(world.open_lock(lock) == "O6");
  CHECK(world.open_wipe(wipe) == "O6");
  world.times.clock = k2040;  // a thief's clock: it locks all the same, and nothing is wiped in doubt
  CHECK(world.open_lock(lock) == "verified");
  CHECK(world.open_wipe(wipe) == "O7");
  world.times.clock = k1999;
  CHECK(world.open_lock(lock) == "verified");
  CHECK(world.open_wipe(wipe) == "O7");
  world.times.floor = lock.until;  // a policy that was signed later proves that it is over
  CHECK(world.open_lock(lock) == "O6");
  CHECK(world.open_wipe(wipe) == "O6");
}

TEST_CASE("O8: an order is used once", "[R22]") {
  OrderWorld world;
  for (const OrderKind kind : {OrderKind::kLock, OrderKind::kWipe}) {
    world.ended.insert({parse_order(make_order_payload(world.order(kind)))->id, kind});
  }
  CHECK(world.open_lock(world.order(OrderKind::kLock)) == "O8");
  CHECK(world.open_wipe(world.order(OrderKind::kWipe)) == "O8");
}

TEST_CASE("O8: what was ended as something else is not ended", "[R22]") {
  OrderWorld world;
  const auto id = [&](OrderKind kind) { return parse_order(make_order_payload(world.order(kind)))->id; };
  world.ended = {{id(OrderKind::kWipe), OrderKind::kLock}, {id(OrderKind::kLock), OrderKind::kWipe}};
  CHECK(world.open_lock(world.order(OrderKind::kLock)) == "verified");
  CHECK(world.open_wipe(world.order(OrderKind::kWipe)) == "verified");
  CHECK(kind_ended_by(OrderKind::kUnlock) == OrderKind::kLock);
  CHECK(kind_ended_by(OrderKind::kCancel) == OrderKind::kWipe);
  CHECK_FALSE(kind_ended_by(OrderKind::kLock));
  CHECK_FALSE(kind_ended_by(OrderKind::kWipe));
}

TEST_CASE("O9: a forked identity is locked and never wiped", "[R22]") {
  OrderWorld world;
  world.machine.is_forked = true;
  CHECK(world.open_wipe(world.order(OrderKind::kWipe)) == "O9");
  CHECK(world.open_lock(world.order(OrderKind::kLock)) == "verified");
}

TEST_CASE("what was delivered goes on past its expiry, with its signatures checked again", "[R22]") {
  OrderWorld world;
  const std::vector<VerifiedRoot> roots{world.school.verified()};
  Order wipe = world.order(OrderKind::kWipe);
  wipe.issued = 1'000;
  wipe.until = 2'000;
  const Bytes both = world.sign(wipe, {&world.school.technician, &world.school.head});
  CHECK(reopen_order({both}, roots, world.machine.device));
  CHECK(verdict(reopen_order({world.sign(wipe, {&world.school.technician})}, roots, world.machine.device)) == "O2");
  CHECK(verdict(reopen_order({both}, roots, Hash{6})) == "O4");
  CHECK(verdict(reopen_order({both}, {}, world.machine.device)) == "O2");
  CHECK(check_order_hardware(wipe, {"uuid-1", "board-1"}));
  CHECK_FALSE(check_order_hardware(wipe, {"uuid-2", "board-1"}));
  CHECK_FALSE(check_order_hardware(wipe, {"uuid-1", ""}));
}

TEST_CASE("a root that takes a signer away takes nothing back of what was accepted before", "[R22]") {
  OrderWorld world;
  const Bytes lock = world.sign(world.order(OrderKind::kLock), {&world.school.technician});
  const VerifiedRoot first = world.school.verified();
  world.school.root.version = 2;
  world.school.give(Role::kLock, 1, {{"head", &world.school.head}});
  const VerifiedRoot second = *first.open_next({world.school.root_envelope()});
  const std::vector<VerifiedRoot> roots{first, second};
  CHECK(verdict(open_order({lock}, second, world.machine, world.times)) == "O2");  // as a new one it counts no more
  const auto reopened = reopen_order({lock}, roots, world.machine.device);
  REQUIRE(reopened);
  CHECK(reopened->root == 1);
  CHECK(reopened->order.lock_permit());
  const auto past = read_past_order({lock}, roots);
  REQUIRE(past);
  CHECK(past->holders == std::set<std::string>{"technician"});
  const Bytes nobody = world.sign(world.order(OrderKind::kLock), {&world.school.lists});
  CHECK_FALSE(reopen_order({nobody}, roots, world.machine.device));
  CHECK_FALSE(read_past_order({nobody}, roots));
}

TEST_CASE("people and the server see who signed, and get no permit from it", "[R22]") {
  OrderWorld world;
  const Bytes one = world.sign(world.order(OrderKind::kWipe), {&world.school.technician});
  CHECK(order_holders({one}, world.school.verified()).value() == std::set<std::string>{"technician"});
  CHECK(verdict(read_order({one}, world.school.verified())) == "O2");
  const auto both = add_signature(one, PayloadType::kOrder, world.school.head);
  CHECK(order_holders({*both}, world.school.verified())->size() == 2);
  CHECK(verdict(read_order({*both}, world.school.verified())) == "verified");
}
