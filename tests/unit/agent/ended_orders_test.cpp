// What ends an order: an unlock, a cancel, also before the order has come; and what a device remembers of it.
#include <catch2/catch.hpp>

#include "agent/guard/orders_file.h"
#include "platform/files.h"
#include "tests/unit/agent/lost_world.h"

using namespace caretaker;
using namespace caretaker::agent;
using sync::Order;
using sync::OrderKind;

TEST_CASE("an unlock order ends the lock that it names, also before that has come", "[R22]") {
  LostWorld world;
  const Order lock = world.order(OrderKind::kLock);
  world.deliver(world.sign(lock));
  Order other = world.order(OrderKind::kUnlock);
  other.target = sync::OrderId{9};
  world.deliver(world.sign(other));
  CHECK(world.lost().is_locked);
  CHECK(world.noted("order.nothing-to-end " + LostWorld::name(other)));
  Order unlock = world.order(OrderKind::kUnlock);
  unlock.target = LostWorld::id(lock);
  world.deliver(world.sign(unlock));
  CHECK_FALSE(world.lost().is_locked);
  CHECK_FALSE(world.log_ins_are_refused());
  CHECK(world.noted("order.unlocked " + LostWorld::name(unlock)));

  const Order late = world.order(OrderKind::kLock);
  Order first = world.order(OrderKind::kUnlock);
  first.target = LostWorld::id(late);
  world.deliver(world.sign(first));
  world.deliver(world.sign(late));
  CHECK_FALSE(world.lost().is_locked);
  CHECK(world.noted("letter.refused O8:" + LostWorld::name(late)));
}

TEST_CASE("an unlock ends no wipe and a cancel no lock, whatever they name, also before that has come", "[R22]") {
  LostWorld world;
  const Order lock = world.order(OrderKind::kLock), wipe = world.order(OrderKind::kWipe);
  for (const auto& [kind, target] : {std::pair{OrderKind::kUnlock, wipe}, std::pair{OrderKind::kCancel, lock}}) {
    Order end = world.order(kind);
    end.target = LostWorld::id(target);
    world.deliver(world.sign(end));
    CHECK(world.noted("order.nothing-to-end " + LostWorld::name(end)));
  }
  world.start();  // read back
  world.deliver(world.sign(lock));
  CHECK(world.noted("order.locked " + LostWorld::name(lock)));
  world.deliver(world.sign_wipe(wipe));
  CHECK(world.noted("order.grace " + LostWorld::name(wipe)));
}

TEST_CASE("what an earlier version wrote of ended orders, without their kinds, still holds for each", "[R22]") {
  LostWorld world;
  const Order wipe = world.order(OrderKind::kWipe);
  OrdersState state = must(read_orders(world.settings.state));
  world.stop();
  state.ended[{LostWorld::id(wipe), OrderKind::kWipe}] = {world.clock.time + 86'400, "somebody"};
  must(write_orders(world.settings.state, state));
  const bool is_first_version = GENERATE(false, true);
  world.rewrite_orders([is_first_version](Json::Object& members) {
    const Json::Object ended = *members["ended"]["wipe"].as_object();
    members["ended"] = is_first_version ? Json::Object{{ended.begin()->first, ended.begin()->second["until"]}} : ended;
  });
  const OrdersState old = must(read_orders(world.settings.state));
  CHECK(old.ended.contains({LostWorld::id(wipe), OrderKind::kWipe}));
  CHECK(old.ended.contains({LostWorld::id(wipe), OrderKind::kLock}));
  world.start();
  world.deliver(world.sign_wipe(wipe));
  CHECK(world.noted("letter.refused O8:" + LostWorld::name(wipe)));
}

TEST_CASE("one person cancels a wipe in its grace time, and not after it has begun", "[R22]") {
  LostWorld world;
  const Order wipe = world.order(OrderKind::kWipe);
  world.deliver(world.sign_wipe(wipe));
  Order cancel = world.order(OrderKind::kCancel);
  cancel.target = LostWorld::id(wipe);
  world.deliver(world.sign(cancel, {&world.room.school.head}));
  CHECK(world.noted("order.cancelled " + LostWorld::name(cancel)));
  CHECK_FALSE(world.lost().is_locked);
  world.pass(200);
  CHECK(world.wipes_started == 0);

  const Order second = world.order(OrderKind::kWipe);
  world.deliver(world.sign_wipe(second));
  world.pass(70);
  CHECK(world.wipes_started == 1);
  Order late = world.order(OrderKind::kCancel);
  late.target = LostWorld::id(second);
  world.deliver(world.sign(late, {&world.room.school.head}));
  CHECK(world.noted("order.too-late " + LostWorld::name(late)));
}

TEST_CASE("a stolen policy key that signs far ahead makes no device forget what was cancelled and used", "[R22]") {
  LostWorld world;
  const Order wipe = world.order(OrderKind::kWipe);
  Order cancel = world.order(OrderKind::kCancel);
  cancel.target = LostWorld::id(wipe);
  world.deliver(world.sign_wipe(wipe));
  world.deliver(world.sign(cancel));
  const UnixSeconds now = world.clock.time;
  world.clock.time += 300 * 86'400;
  const Bytes ahead = world.room.policy(9, kPolicyText);
  world.clock.time = now;
  world.give(ahead);
  world.deliver(world.sign(world.order(OrderKind::kLock)));  // refused, as everything is now
  CHECK_FALSE(world.lost().is_locked);
  ++world.room.school.root.policy_generation;
  world.give({}, {}, {world.room.next_root()});
  world.give(world.room.policy(1, kPolicyText));
  world.start();
  world.deliver(world.sign_wipe(wipe));
  CHECK_FALSE(world.lost().is_locked);
  CHECK(world.healthy("wipe-grace"));
  const Order lock = world.order(OrderKind::kLock);
  world.deliver(world.sign(lock));
  CHECK(world.lost().is_locked);
}

TEST_CASE("a key that ends hundreds of orders which never came is refused further ones, and locks nobody out", "[R22]") {
  LostWorld world;
  world.room.school.give(sync::Role::kLock, 1, {{"technician", &world.room.school.technician}, {"head", &world.room.school.head}});
  world.give({}, {}, {world.room.next_root()});
  const auto unlock_of = [&](sync::OrderId target) {
    Order unlock = world.order(OrderKind::kUnlock);
    unlock.target = target;
    return unlock;
  };
  OrdersState state = must(read_orders(world.settings.state));
  for (int i = 0; i < 255; ++i) state.ended[{random_array<16>(), OrderKind::kLock}] = {world.clock.time + 86'400, sync::key_id(world.room.school.technician.public_key)};
  world.stop();
  must(write_orders(world.settings.state, state));
  world.start();
  const Order last = unlock_of({1});
  world.deliver(world.sign(last));
  CHECK(world.noted("order.nothing-to-end " + LostWorld::name(last)));
  const Order refused = unlock_of({2});
  world.deliver(world.sign(refused));
  CHECK(world.noted("letter.refused L7:" + LostWorld::name(refused)));
  const Order by_head = unlock_of({3});
  world.deliver(world.sign(by_head, {&world.room.school.head}));
  CHECK(world.noted("order.nothing-to-end " + LostWorld::name(by_head)));
  // Locks, wipes, cancels, and the end of what is in force: also by that very key.
  const Order lock = world.order(OrderKind::kLock);
  world.deliver(world.sign(lock));
  CHECK(world.lost().is_locked);
  world.deliver(world.sign(unlock_of(LostWorld::id(lock))));
  CHECK_FALSE(world.lost().is_locked);
  const Order wipe = world.order(OrderKind::kWipe);
  world.deliver(world.sign_wipe(wipe));
  CHECK(world.noted("order.grace " + LostWorld::name(wipe)));
  Order cancel = world.order(OrderKind::kCancel);
  cancel.target = LostWorld::id(wipe);
  world.deliver(world.sign(cancel));
  CHECK(world.noted("order.cancelled " + LostWorld::name(cancel)));
  world.deliver(world.sign(lock));  // what was used stays used
  CHECK_FALSE(world.lost().is_locked);
}
