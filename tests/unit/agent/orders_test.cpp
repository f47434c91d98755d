#include "agent/guard/orders.h"

#include <catch2/catch.hpp>

#include "agent/guard/wipe.h"
#include "platform/files.h"
#include "sync/unlock_code.h"
#include "tests/unit/agent/full_disk.h"
#include "tests/unit/agent/lost_world.h"

using namespace caretaker;
using namespace caretaker::agent;
using sync::Order;
using sync::OrderKind;

TEST_CASE("one person locks a device: log-ins are refused, with the message and the telephone number", "[R22]") {
  LostWorld world;
  const Order lock = world.order(OrderKind::kLock);
  CHECK_FALSE(world.log_ins_are_refused());
  world.deliver(world.sign(lock));
  CHECK(world.log_ins_are_refused());
  const std::string notice(as_text(must(platform::read_file(world.settings.state / "locked-notice", 4096))));
  CHECK(notice.find("Lost. Please bring it back.") != std::string::npos);
  CHECK(notice.find("01632 960001") != std::string::npos);
  CHECK(world.noted("letter.taken " + LostWorld::name(lock)));
  CHECK(world.noted("order.locked " + LostWorld::name(lock)));
  CHECK(world.lost().is_locked);
  CHECK_FALSE(world.healthy("device-locked"));
  world.start();  // a restart changes nothing
  CHECK(world.log_ins_are_refused());
  CHECK(world.lost().is_locked);
}

TEST_CASE("a lock without words shows those of the policy, and an order's own come first", "[R22]") {
  LostWorld world;
  sync::CheckinAnswer answer;
  answer.policy = world.room.policy(9, std::string(kPolicyText) + "[lost]\nmessage = \"Bring it to the office.\"\ntelephone = \"01632 960002\"\n");
  must(world.ask(LostWorld::kNet, Ask::kTakeAnswer, make_take_answer(answer)));
  Order lock = world.order(OrderKind::kLock);
  lock.telephone.clear();
  world.deliver(world.sign(lock));
  CHECK(world.lost().message == "Lost. Please bring it back.");
  CHECK(world.lost().telephone == "01632 960002");
  Order bare = world.order(OrderKind::kLock);
  bare.message.clear();
  bare.telephone.clear();
  world.deliver(world.sign(bare));
  CHECK(world.lost().message == "Bring it to the office.");
  world.start();
  CHECK(world.lost().telephone == "01632 960002");
  const std::string notice(as_text(must(platform::read_file(world.settings.state / "locked-notice", 4096))));
  CHECK(notice.find("Bring it to the office.") != std::string::npos);
}

TEST_CASE("a new policy's words reach the log-in of a device that is locked already", "[R22]") {
  LostWorld world;
  Order bare = world.order(OrderKind::kLock);
  bare.message.clear();
  bare.telephone.clear();
  world.deliver(world.sign(bare));
  const auto shown = [&] { return std::string(as_text(must(platform::read_file(world.settings.state / "locked-notice", 4096)))); };
  const auto push = [&](std::int64_t version, const std::string& words) {
    sync::CheckinAnswer answer;
    answer.policy = world.room.policy(version, std::string(kPolicyText) + words);
    must(world.ask(LostWorld::kNet, Ask::kTakeAnswer, make_take_answer(answer)));
    world.pass(10);
  };
  CHECK(shown().find("office") == std::string::npos);
  push(9, "[lost]\nmessage = \"Bring it to the office.\"\ntelephone = \"01632 960002\"\n");
  CHECK(shown().find("Bring it to the office.") != std::string::npos);
  CHECK(shown().find("01632 960002") != std::string::npos);
  push(10, "[lost]\nmessage = \"Bring it to the library.\"\n");
  CHECK(shown().find("office") == std::string::npos);
  CHECK(shown().find("Bring it to the library.") != std::string::npos);
  CHECK(shown().find("01632") == std::string::npos);
  CHECK(world.lost().message == "Bring it to the library.");
}

TEST_CASE("a notice that cannot be written is one event, is tried again, and comes when there is room", "[R22]") {
  LostWorld world;
  std::filesystem::create_directories(world.settings.state / "locked-notice" / "in the way");
  world.deliver(world.sign(world.order(OrderKind::kLock)));
  world.pass(100);
  const auto book = world.book();
  CHECK(std::count(book.begin(), book.end(), "order.refused notice-not-written") == 1);
  std::filesystem::remove_all(world.settings.state / "locked-notice");  // room again
  world.pass(10);
  CHECK(std::filesystem::is_regular_file(world.settings.state / "locked-notice"));
}

TEST_CASE("a code that a technician reads out unlocks once, without a network; others do not", "[R22]") {
  LostWorld world;
  world.deliver(world.sign(world.order(OrderKind::kLock)));
  const std::string code = world.right_code();
  CHECK(world.unlock("00000000").error().code == ErrorCode::kPermissionDenied);
  CHECK(world.unlock("1234").error().code == ErrorCode::kInvalidInput);
  CHECK(world.lost().is_locked);
  CHECK(world.unlock(code.substr(0, 4) + " " + code.substr(4)));
  CHECK_FALSE(world.lost().is_locked);
  CHECK(world.unlock(code).error().code == ErrorCode::kNotFound);
  world.deliver(world.sign(world.order(OrderKind::kLock)));
  CHECK(world.unlock(code).error().code == ErrorCode::kPermissionDenied);  // another lock, another number
}

TEST_CASE("after five wrong codes even the right one waits, and a restart does not help", "[R22]") {
  LostWorld world;
  world.deliver(world.sign(world.order(OrderKind::kLock)));
  const std::string code = world.right_code();
  for (int i = 0; i < 5; ++i) CHECK_FALSE(world.unlock("00000000"));
  CHECK(world.unlock(code).error().code == ErrorCode::kUnavailable);
  world.start();
  CHECK(world.unlock(code).error().code == ErrorCode::kUnavailable);
  world.clock.time += 61;
  CHECK(world.unlock(code));
}

TEST_CASE("a wipe locks at once, waits for its grace time powered on, and then begins", "[R22]") {
  LostWorld world;
  const Order wipe = world.order(OrderKind::kWipe);
  world.deliver(world.sign_wipe(wipe));
  CHECK(world.log_ins_are_refused());
  CHECK(world.noted("order.grace " + LostWorld::name(wipe)));
  CHECK(world.unlock("00000000").error().code == ErrorCode::kPermissionDenied);  // no code ends a wipe
  world.pass(50);
  CHECK(world.wipes_started == 0);
  world.pass(20);
  CHECK(world.wipes_started == 1);
  CHECK(world.noted("order.started " + LostWorld::name(wipe)));
  CHECK_FALSE(world.noted("order.verified " + LostWorld::name(wipe)));  // nothing says done that was not proven
  world.start();
  world.pass(70);
  CHECK(world.wipes_started >= 2);  // intent first: it goes on after a restart
}

TEST_CASE("the grace time is time powered on: a clock that jumps ends it no sooner", "[R22]") {
  LostWorld world;
  Order wipe = world.order(OrderKind::kWipe);
  wipe.grace_s = 3600;
  world.deliver(world.sign_wipe(wipe));
  world.clock.time += 30 * 86'400;  // asleep, or set
  world.guard->tick();
  world.guard->tick();
  CHECK(world.wipes_started == 0);
}

TEST_CASE("a machine that is restarted twice a minute comes to the end of the grace time", "[R22]") {
  LostWorld world;
  world.deliver(world.sign_wipe(world.order(OrderKind::kWipe)));
  for (int restarts = 0; restarts < 4; ++restarts) {
    world.pass(20);
    world.start();
  }
  world.pass(10);
  CHECK(world.wipes_started >= 1);
}

TEST_CASE("the grace time counts on a full disk, and the wipe begins when there is room", "[R22]") {
  LostWorld world;
  Order wipe = world.order(OrderKind::kWipe);
  wipe.grace_s = 600;
  world.deliver(world.sign_wipe(wipe));
  {
    const FullDisk full;
    world.pass(590);
  }
  CHECK(world.wipes_started == 0);
  world.pass(20);
  CHECK(world.wipes_started >= 1);
}

TEST_CASE("a lock that comes on a full disk is not refused, and is in force when there is room", "[R22]") {
  LostWorld world;
  const Order lock = world.order(OrderKind::kLock);
  const Bytes letter = world.sign(lock);
  {
    const FullDisk full;
    world.deliver(letter);
  }
  CHECK_FALSE(world.lost().is_locked);
  world.deliver(letter);
  CHECK(world.lost().is_locked);
  CHECK_FALSE(world.noted("letter.refused full:" + LostWorld::name(lock)));
}

TEST_CASE("an order whose letter was forgotten in a power cut comes again, says the same and changes nothing", "[R22]") {
  for (const OrderKind kind : {OrderKind::kLock, OrderKind::kWipe}) {
    LostWorld world;
    const Order order = world.order(kind);
    const Bytes letter = kind == OrderKind::kLock ? world.sign(order) : world.sign_wipe(order);
    world.deliver(letter);
    const std::string challenge = world.lost().challenge;
    world.pass(30);
    const std::size_t events = world.book().size();
    world.stop();
    for (const char* name : {"letters.json", "letters.copy.json"}) std::filesystem::remove(world.settings.state / name);
    world.start();
    world.deliver(letter);
    const auto book = world.book();
    const auto again = std::vector(book.begin() + static_cast<std::ptrdiff_t>(events), book.end());
    const auto count = [&again](const std::string& what) { return std::count(again.begin(), again.end(), what); };
    CHECK(count("letter.taken " + LostWorld::name(order)) == 1);
    CHECK(count((kind == OrderKind::kLock ? "order.locked " : "order.grace ") + LostWorld::name(order)) == 1);
    CHECK_FALSE(world.noted("letter.refused A8:" + LostWorld::name(order)));
    CHECK(world.lost().challenge == challenge);
    world.pass(40);  // the grace time did not begin anew
    CHECK(world.wipes_started == (kind == OrderKind::kLock ? 0 : 1));
  }
}

TEST_CASE("a refused order changes nothing and is an event with the number of its check", "[R22]") {
  LostWorld world;
  const Order wipe = world.order(OrderKind::kWipe);
  Order expired = wipe, other_device = wipe, other_hardware = wipe, other_school = wipe;
  expired.issued -= 20;
  expired.until = world.clock.time - 10;
  other_device.device = {1};
  other_hardware.hardware.dmi_uuid = "uuid-2";
  other_school.school = {1};
  world.deliver(world.sign(wipe));  // one signature
  CHECK(world.noted("letter.refused O2:" + LostWorld::name(wipe)));
  for (const auto& [order, check] : {std::pair{expired, "O6"}, std::pair{other_device, "O4"}, std::pair{other_hardware, "O5"}, std::pair{other_school, "O3"}}) {
    world.deliver(world.sign_wipe(order));
    CHECK(world.noted("letter.refused " + std::string(check) + ":" + LostWorld::name(order)));
  }
  CHECK_FALSE(world.lost().is_locked);
  CHECK(world.healthy("wipe-grace"));
}

TEST_CASE("two signatures by one person wipe nothing, and are an event", "[R22]") {
  LostWorld world;
  const SigningKey second = sync::test::new_key();
  auto& school = world.room.school;
  school.give(sync::Role::kWipe, 2, {{"technician", &school.technician}, {"technician", &second}, {"head", &school.head}});
  world.give({}, {}, {world.room.next_root()});
  const Order wipe = world.order(OrderKind::kWipe);
  world.deliver(world.sign(wipe, {&school.technician, &second}));
  CHECK(world.noted("letter.refused O2:" + LostWorld::name(wipe)));
  CHECK_FALSE(world.lost().is_locked);
  const Order by_two = world.order(OrderKind::kWipe);
  world.deliver(world.sign(by_two, {&second, &school.head}));
  CHECK(world.noted("order.grace " + LostWorld::name(by_two)));
}

TEST_CASE("with a clock in 2040 or 1999 a lock holds and a wipe is refused", "[R22]") {
  LostWorld world;
  const UnixSeconds now = world.clock.time;
  for (const UnixSeconds wrong : {UnixSeconds{2'210'000'000}, UnixSeconds{930'000'000}}) {
    Order wipe = world.order(OrderKind::kWipe), lock = world.order(OrderKind::kLock);
    world.clock.time = wrong;
    world.deliver(world.sign_wipe(wipe));
    CHECK(world.noted("letter.refused O7:" + LostWorld::name(wipe)));
    world.deliver(world.sign(lock));
    CHECK(world.noted("order.locked " + LostWorld::name(lock)));
    world.clock.time = now;
  }
}

TEST_CASE("a book that went on elsewhere means a clone: it is locked, and wiped no more", "[R22]") {
  LostWorld world;
  world.check_in();
  world.call_forked();
  CHECK_FALSE(world.healthy("identity-forked"));
  const Order wipe = world.order(OrderKind::kWipe);
  world.deliver(world.sign_wipe(wipe));
  CHECK(world.noted("letter.refused O9:" + LostWorld::name(wipe)));
  CHECK(world.wipes_started == 0);
  const Order lock = world.order(OrderKind::kLock);
  world.deliver(world.sign(lock));
  CHECK(world.lost().is_locked);
}

TEST_CASE("a lock outlives the key that signed it: the person has left, and the laptop is still lost", "[R22]") {
  LostWorld world;
  const Order lock = world.order(OrderKind::kLock);
  world.deliver(world.sign(lock));
  world.room.school.give(sync::Role::kLock, 1, {{"head", &world.room.school.head}});
  world.room.school.give(sync::Role::kWipe, 2, {{"deputy", &world.room.school.deputy}, {"head", &world.room.school.head}});
  world.give({}, {}, {world.room.next_root()});
  CHECK(world.noted("root.applied v2"));
  world.start();
  CHECK(world.lost().is_locked);
  CHECK(world.log_ins_are_refused());
  CHECK_FALSE(world.noted("order.refused O2"));
  const Order another = world.order(OrderKind::kLock);
  world.deliver(world.sign(another));  // that key orders nothing new
  CHECK(world.noted("letter.refused E6:" + LostWorld::name(another)));
  Order unlock = world.order(OrderKind::kUnlock);
  unlock.target = LostWorld::id(lock);
  world.deliver(world.sign(unlock, {&world.room.school.head}));
  CHECK_FALSE(world.lost().is_locked);
  world.start();
  CHECK_FALSE(world.lost().is_locked);
}

TEST_CASE("a wipe that has begun goes on after its signers have left and after a receipt that calls the book forked", "[R22]") {
  LostWorld world;
  world.check_in();
  const Order wipe = world.order(OrderKind::kWipe);
  world.deliver(world.sign_wipe(wipe));
  world.pass(70);
  CHECK(world.wipes_started == 1);
  world.call_forked();
  CHECK_FALSE(world.healthy("identity-forked"));
  world.room.school.give(sync::Role::kWipe, 2, {{"deputy", &world.room.school.deputy}, {"head", &world.room.school.head}});
  world.give({}, {}, {world.room.next_root()});
  const int before = world.wipes_started;
  world.start();
  CHECK(world.lost().is_locked);
  CHECK_FALSE(world.healthy("wipe-started"));
  world.pass(70);
  CHECK(world.wipes_started > before);
}

TEST_CASE("a fork that is told within the grace time stops the wipe and not the lock, and a restart changes neither", "[R22]") {
  LostWorld world;
  world.check_in();
  const Order wipe = world.order(OrderKind::kWipe);
  world.deliver(world.sign_wipe(wipe));
  world.call_forked();
  world.start();
  CHECK(world.lost().is_locked);
  world.pass(200);
  CHECK(world.wipes_started == 0);
  CHECK(world.noted("order.refused O9:" + LostWorld::name(wipe)));
  world.start();
  CHECK(world.lost().is_locked);
  CHECK(world.log_ins_are_refused());
}

TEST_CASE("firmware that says nothing, or something else, at a restart unlocks nothing and wipes nothing", "[R22]") {
  for (const sync::Hardware& told : {sync::Hardware{}, sync::Hardware{"uuid-2", "board-1"}, sync::Hardware{"uuid-1", "board-2"}}) {
    CAPTURE(told.dmi_uuid, told.board_serial);
    LostWorld world;
    const Order wipe = world.order(OrderKind::kWipe);
    world.deliver(world.sign_wipe(wipe));
    world.settings.hardware = told;
    world.start();
    CHECK(world.lost().is_locked);
    world.pass(200);
    CHECK(world.wipes_started == 0);
    CHECK(world.lost().is_locked);
    CHECK(world.log_ins_are_refused());
    world.start();
    world.pass(200);
    CHECK(world.wipes_started == 0);
    CHECK(world.lost().is_locked);
  }
}

TEST_CASE("a locked disk in another machine stays locked, and back in its own nothing has changed", "[R22]") {
  LostWorld world;
  const Order lock = world.order(OrderKind::kLock);
  world.deliver(world.sign(lock));
  world.check_in();
  const std::string device = world.status().device, challenge = world.lost().challenge;
  const auto own = world.settings.hardware;
  for (const char* uuid : {"uuid-2", "uuid-3"}) {
    world.settings.hardware = {uuid, "board-2"};
    world.start();
    CHECK(world.status().device != device);
    CHECK(world.lost().is_locked);
    CHECK(world.lost().challenge == challenge);
    CHECK(world.log_ins_are_refused());
    world.pass(20);
  }
  world.settings.hardware = own;
  world.start();
  CHECK(world.status().device == device);
  CHECK(world.lost().challenge == challenge);
  CHECK(world.log_ins_are_refused());
  Order unlock = world.order(OrderKind::kUnlock);
  unlock.target = LostWorld::id(lock);
  world.check_in();
  world.deliver(world.sign(unlock));
  CHECK_FALSE(world.lost().is_locked);
}

TEST_CASE("a code by telephone opens the lock in another machine too, and an enrolment there ends it", "[R22]") {
  for (const bool by_code : {true, false}) {
    LostWorld world;
    world.deliver(world.sign(world.order(OrderKind::kLock)));
    const std::string code = world.right_code();
    world.settings.hardware = {"uuid-2", "board-2"};
    world.start();
    REQUIRE(world.lost().is_locked);
    if (by_code) {
      CHECK(world.unlock("00000000").error().code == ErrorCode::kPermissionDenied);
      REQUIRE(world.unlock(code));
    } else {
      (void)world.begin_enrolment();  // somebody's try without the school's answer
      CHECK(world.lost().is_locked);
      world.enrol();
    }
    CHECK_FALSE(world.lost().is_locked);
    CHECK_FALSE(world.log_ins_are_refused());
    world.start();
    CHECK_FALSE(world.lost().is_locked);
  }
}

TEST_CASE("one of the two files of orders that was damaged, or lost, unlocks nothing and is put back", "[R22]") {
  LostWorld world;
  world.deliver(world.sign(world.order(OrderKind::kLock)));
  world.pass(10);  // it has seen which book it writes
  const auto file = world.settings.state / "orders.json", copy = world.settings.state / "orders.copy.json";
  const Bytes good = must(platform::read_file(file, 1u << 20));
  Bytes other_number = good;  // well-formed, and not what was written
  const std::string challenge = world.lost().challenge;
  const auto at = std::search(other_number.begin(), other_number.end(), challenge.begin(), challenge.end());
  REQUIRE(at != other_number.end());
  *at = *at == '1' ? '2' : '1';
  for (const auto& victim : {file, copy}) {
    for (const Bytes& bytes : {to_bytes("{\"v\":1}"), Bytes(), other_number}) {
      world.stop();
      if (bytes.empty()) std::filesystem::remove(victim);
      else must(platform::replace_file(victim, bytes, 0600));
      world.start();
      CHECK(world.lost().challenge == challenge);
      CHECK(world.log_ins_are_refused());
      CHECK(must(platform::read_file(file, 1u << 20)) == good);
      CHECK(must(platform::read_file(copy, 1u << 20)) == good);
    }
  }
  CHECK_FALSE(world.noted("guard.health orders-damaged"));
}

TEST_CASE("a lock that was held back, and what ends it, lift no other lock", "[R22]") {
  LostWorld world;
  const Order before = world.order(OrderKind::kLock);
  Order its_end = world.order(OrderKind::kUnlock);
  its_end.target = LostWorld::id(before);
  world.clock.time += 600;
  const Order lock = world.order(OrderKind::kLock);
  world.deliver(world.sign(lock));
  const std::string code = world.right_code();
  world.deliver(world.sign(before));
  CHECK_FALSE(world.unlock(code));  // it was read out before
  world.start();
  world.deliver(world.sign(its_end));
  CHECK(world.noted("order.still-locked " + LostWorld::name(its_end)));
  CHECK(world.lost().is_locked);
  CHECK(world.log_ins_are_refused());
  world.start();
  CHECK(world.lost().is_locked);
  Order end = world.order(OrderKind::kUnlock);
  end.target = LostWorld::id(lock);
  world.deliver(world.sign(end));
  CHECK(world.noted("order.unlocked " + LostWorld::name(end)));
  CHECK_FALSE(world.lost().is_locked);
}

TEST_CASE("many locks of before make no room with their ends: of one signer the newest stay", "[R22]") {
  LostWorld world;
  std::vector<Order> before;
  for (int i = 0; i < 10; ++i) {
    before.push_back(world.order(OrderKind::kLock));
    world.clock.time += 60;
  }
  const Order lock = world.order(OrderKind::kLock);
  const bool is_first = GENERATE(true, false);
  if (is_first) world.deliver(world.sign(lock));
  for (const Order& each : before) world.deliver(world.sign(each));
  if (!is_first) world.deliver(world.sign(lock));
  for (const Order& each : before) {
    Order end = world.order(OrderKind::kUnlock);
    end.target = LostWorld::id(each);
    world.deliver(world.sign(end));
  }
  CHECK(world.lost().is_locked);
  CHECK(world.unlock(world.right_code()));  // a code ends all that hold
  CHECK_FALSE(world.lost().is_locked);
  CHECK(world.noted("order.unlocked-by-code " + LostWorld::name(lock)));
}

TEST_CASE("a file of orders that an earlier version wrote, with one lock in it, locks", "[R22]") {
  LostWorld world;
  const Bytes lock = world.sign(world.order(OrderKind::kLock));
  world.deliver(lock);
  world.stop();
  world.rewrite_orders([&lock](Json::Object& members) {
    members.erase("locks");
    members["lock"] = to_base64(lock);
  });
  world.start();
  CHECK(world.lost().is_locked);
}

TEST_CASE("orders whose file and copy were damaged are an event, and what was written down is forgotten, not guessed", "[R22]") {
  LostWorld world;
  const Bytes lock = world.sign(world.order(OrderKind::kLock));
  world.deliver(lock);
  world.stop();
  for (const char* name : {"orders.json", "orders.copy.json"}) must(platform::replace_file(world.settings.state / name, as_bytes("{\"v\":1}"), 0600));
  world.start();
  CHECK(world.noted("guard.health orders-damaged"));
  CHECK_FALSE(world.lost().is_locked);
  world.deliver(lock);  // the server gives it again
  CHECK(world.lost().is_locked);
}

TEST_CASE("a wipe that was cancelled does not come back with the files that say so", "[R22]") {
  LostWorld world;
  const Order wipe = world.order(OrderKind::kWipe);
  Order cancel = world.order(OrderKind::kCancel);
  cancel.target = LostWorld::id(wipe);
  world.deliver(world.sign_wipe(wipe));
  world.deliver(world.sign(cancel));
  world.stop();
  const bool are_gone = GENERATE(true, false);
  for (const char* name : {"orders.json", "orders.copy.json"}) {
    if (are_gone) std::filesystem::remove(world.settings.state / name);
    else must(platform::replace_file(world.settings.state / name, as_bytes("{\"v\":1}"), 0600));
  }
  world.start();
  CHECK(world.noted("guard.health orders-damaged"));
  world.deliver(world.sign_wipe(wipe));
  CHECK_FALSE(world.lost().is_locked);
  CHECK(world.healthy("wipe-grace"));
}

TEST_CASE("what ends a lock or a wipe ends it also while that waits for the roots by which it was accepted", "[R22]") {
  LostWorld world;
  const Order lock = world.order(OrderKind::kLock), wipe = world.order(OrderKind::kWipe);
  Order unlock = world.order(OrderKind::kUnlock), cancel = world.order(OrderKind::kCancel);
  unlock.target = LostWorld::id(lock);
  cancel.target = LostWorld::id(wipe);
  world.deliver(world.sign(lock));
  world.deliver(world.sign_wipe(wipe));
  const Bytes root = must(platform::read_file(world.settings.state / "trust/roots/1.json", 1u << 20));
  world.stop();
  for (const char* folder : {"trust/roots", "trust/roots.copy"}) {
    must(platform::replace_file(world.settings.state / folder / "1.json", as_bytes("{}"), 0600));
  }
  world.start();
  sync::CheckinAnswer stick;  // everything at once
  stick.roots = {root};
  stick.letters = {world.sign(unlock), world.sign(cancel)};
  must(world.ask(GuardWorld::kOwner, Ask::kImport, make_take_answer(stick)));
  CHECK(world.noted("order.still-locked " + LostWorld::name(unlock)));  // by the wipe
  CHECK(world.noted("order.cancelled " + LostWorld::name(cancel)));
  world.guard->tick();
  CHECK_FALSE(world.lost().is_locked);
  world.start();
  CHECK_FALSE(world.lost().is_locked);
}
