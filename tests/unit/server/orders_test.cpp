#include "sync/server/orders.h"

#include "sync/order.h"
#include "sync/server/ingest.h"
#include "sync/server/order_room.h"
#include "sync/wipe_certificate.h"
#include "tests/unit/server/test_device.h"

using namespace caretaker;
using namespace caretaker::test;
using sync::OrderKind;

namespace {

struct OrderRoom {
  TestSchool school;
  TestDevice device{school};

  sync::Order order(OrderKind kind) { return device.order(kind); }
  Bytes sign(const sync::Order& order) {
    std::vector<const SigningKey*> keys{&school.people.technician.signing};
    if (order.kind == OrderKind::kWipe) keys.push_back(&school.people.head.signing);
    return TestSchool::envelope(sync::PayloadType::kOrder, sync::make_order_payload(order), keys);
  }
  Result<Json> publish(const Bytes& envelope) {
    return school.ask(school.people.technician, "order.publish", Json::Object{{"envelope", to_base64(envelope)}});
  }
  sync::CheckinAnswer check_in(Json::Object state = {}) {
    sync::Batch batch = device.batch();
    Json::Object members = *batch.state.as_object();
    for (auto& [key, value] : state) members[key] = value;
    batch.state = Json(std::move(members));
    return must(server::ingest(school.store, school.state, sync::make_checkin_request(device.request(batch)), kNow));
  }
  // Published, given, taken, and what the device says of it then.
  sync::CheckinAnswer take(const sync::Order& order, const char* event) {
    const std::string id = sync::letter_name(sync::letter_id(sync::make_order_payload(order)));
    must(publish(sign(order)));
    (void)check_in();
    device.record_plain("letter.taken", id);
    device.record_plain(event, id);
    return check_in();
  }
  std::string state_shown() {
    const Json answer = must(school.ask(school.people.technician, "devices.list"));
    for (const Json& row : *answer["devices"].as_array()) {
      const std::string* state = row["order"]["state"].as_string();
      if (*row["device"].as_string() == to_hex(device.id())) return state == nullptr ? "" : *state;
    }
    return "no such device";
  }
};

std::string number_of(const Result<Json>& result) {
  if (result) return "published";
  return result.error().message.substr(0, result.error().message.find(':'));
}

}  // namespace

TEST_CASE("an order reaches its device, and the list shows what the device's book says of it", "[R22]") {
  OrderRoom room;
  const sync::Order lock = room.order(OrderKind::kLock);
  const std::string id = sync::letter_name(sync::letter_id(sync::make_order_payload(lock)));
  CHECK(room.state_shown().empty());
  must(room.publish(room.sign(lock)));
  CHECK(room.state_shown() == "queued");
  CHECK(room.check_in().letters.size() == 1);
  CHECK(room.state_shown() == "given");
  room.device.record_plain("letter.taken", id);
  (void)room.check_in();
  CHECK(room.state_shown() == "delivered");
  room.device.record_plain("order.locked", id);
  (void)room.check_in();
  CHECK(room.state_shown() == "locked");
  const Json orders = must(room.school.ask(room.school.people.technician, "orders.list", Json::Object{{"device", to_hex(room.device.id())}}));
  CHECK((*orders["orders"].as_array()).size() == 1);
}

TEST_CASE("a refusal shows with the number of its check, and another device's word about it does not count", "[R22]") {
  OrderRoom room;
  TestDevice other(room.school, {"uuid-2", "serial-2"});
  const sync::Order wipe = room.order(OrderKind::kWipe);
  const std::string id = sync::letter_name(sync::letter_id(sync::make_order_payload(wipe)));
  must(room.publish(room.sign(wipe)));
  other.record_plain("order.verified", id);
  must(server::ingest(room.school.store, room.school.state, sync::make_checkin_request(other.request(other.batch())), kNow));
  CHECK(room.state_shown() == "queued");
  (void)room.check_in();
  room.device.record_plain("letter.refused", "O7:" + id);
  (void)room.check_in();
  CHECK(room.state_shown() == "refused O7");
}

TEST_CASE("what nobody of the role signed, one holder alone, or for nobody here is not published", "[R22]") {
  OrderRoom room;
  sync::Order wipe = room.order(OrderKind::kWipe);
  const Bytes one = TestSchool::envelope(sync::PayloadType::kOrder, sync::make_order_payload(wipe), {&room.school.people.technician.signing});
  CHECK(number_of(room.publish(one)) == "O2");
  wipe.device = {9};
  CHECK(room.publish(room.sign(wipe)).error().code == ErrorCode::kNotFound);
  sync::Order late = room.order(OrderKind::kLock);
  late.issued = kNow - 1000;
  late.until = kNow;
  CHECK(room.publish(room.sign(late)).error().code == ErrorCode::kStale);
  const Json arguments = Json::Object{{"envelope", to_base64(room.sign(room.order(OrderKind::kLock)))}};
  CHECK(room.school.ask(room.school.people.lead, "order.publish", arguments).error().code == ErrorCode::kPermissionDenied);
}

TEST_CASE("the server takes three wipes a day, and none of a device whose identity is in doubt", "[R22]") {
  OrderRoom room;
  for (int i = 0; i < 3; ++i) must(room.publish(room.sign(room.order(OrderKind::kWipe))));
  CHECK(room.publish(room.sign(room.order(OrderKind::kWipe))).error().code == ErrorCode::kFull);
  CHECK(room.publish(room.sign(room.order(OrderKind::kLock))));

  OrderRoom forked;
  must(forked.school.store.note_seen(forked.device.id(), kNow, "{}", "fork"));
  CHECK(forked.publish(forked.sign(forked.order(OrderKind::kWipe))).error().code == ErrorCode::kPermissionDenied);
  CHECK(forked.publish(forked.sign(forked.order(OrderKind::kLock))));
}

TEST_CASE("a laptop that is lost right after the server was restored is wiped all the same", "[R22]") {
  for (const char* missing : {"gap", "unknown-epoch"}) {
    OrderRoom room;
    must(room.school.store.note_seen(room.device.id(), kNow, "{}", missing));
    CHECK(number_of(room.publish(room.sign(room.order(OrderKind::kWipe)))) == "published");
  }
  for (const char* two : {"fork", "chain", "overtaken", "clone", "replaced"}) {
    OrderRoom room;
    must(room.school.store.note_seen(room.device.id(), kNow, "{}", two));
    CHECK(room.publish(room.sign(room.order(OrderKind::kWipe))).error().code == ErrorCode::kPermissionDenied);
  }
}

TEST_CASE("a book that was spoilt once stops no wipe for ever, one that forked does", "[R22]") {
  struct Past {
    const char* reason;
    int days;
    bool is_taken;
  };
  for (const Past& past : {Past{"chain", 29, false}, Past{"chain", 31, true}, Past{"fork", 400, false}}) {
    OrderRoom room;
    must(room.school.store.add_quarantine(room.device.id(), past.reason, to_bytes("a batch"), kNow - past.days * 86'400));
    CHECK(room.publish(room.sign(room.order(OrderKind::kWipe))).has_value() == past.is_taken);
  }
}

TEST_CASE("a disk that was put back gets its orders again, and until it has spoken nobody says that it is locked", "[R22]") {
  const bool was_put_back = GENERATE(true, false);
  const bool had_forgotten = !was_put_back || GENERATE(true, false);
  OrderRoom room;
  const sync::Order lock = room.order(OrderKind::kLock);
  const std::string id = sync::letter_name(sync::letter_id(sync::make_order_payload(lock)));
  CHECK(room.take(lock, "order.locked").letters.empty());
  CHECK(room.state_shown() == "locked");
  if (was_put_back) room.device.record_plain("epoch.started", "rollback epoch=00 seq=1 link=00");
  else room.device.record_plain("guard.health", "orders-damaged");
  CHECK(room.check_in().letters.size() == 1);
  CHECK(room.state_shown() == "given");
  if (had_forgotten) room.device.record_plain("letter.taken", id);
  else room.device.record_plain("letter.refused", "L6:" + id);
  CHECK(room.check_in().letters.empty());
  CHECK(room.state_shown() == "locked");
}

TEST_CASE("a lock that was given again after a code had ended it is shown as what it is now", "[R22]") {
  OrderRoom room;
  const sync::Order lock = room.order(OrderKind::kLock);
  const std::string id = sync::letter_name(sync::letter_id(sync::make_order_payload(lock)));
  (void)room.take(lock, "order.locked");
  room.device.record_plain("order.unlocked-by-code", id);
  (void)room.check_in();
  CHECK(room.state_shown() == "unlocked-by-code");
  room.device.record_plain("epoch.started", "rollback epoch=00 seq=1 link=00");
  (void)room.check_in();
  room.device.record_plain("letter.taken", id);
  room.device.record_plain("order.locked", id);
  (void)room.check_in();
  CHECK(room.state_shown() == "locked");
}

TEST_CASE("of what a disk has forgotten no wipe is given again, and nothing that was ended", "[R22]") {
  OrderRoom room;
  const auto id_of = [](const sync::Order& order) { return sync::letter_id(sync::make_order_payload(order)); };
  const sync::Order lock = room.order(OrderKind::kLock);
  sync::Order unlock = room.order(OrderKind::kUnlock);
  unlock.target = id_of(lock);
  (void)room.take(lock, "order.locked");
  (void)room.take(unlock, "order.unlocked");
  const sync::Order wipe = room.order(OrderKind::kWipe);
  (void)room.take(wipe, "order.grace");
  const bool is_cancelled = GENERATE(true, false);
  sync::Order cancel = room.order(OrderKind::kCancel);
  cancel.target = id_of(wipe);
  if (is_cancelled) (void)room.take(cancel, "order.cancelled");
  room.device.record_plain("guard.health", "orders-damaged");
  CHECK(room.check_in().letters.empty());
  CHECK(room.state_shown() == (is_cancelled ? "cancelled" : "uncertain"));
}

TEST_CASE("what is over cannot be given again: whether it still holds on a disk that was put back is not known", "[R22]") {
  OrderRoom room;
  sync::Order lock = room.order(OrderKind::kLock);
  lock.issued = kNow - 100;
  (void)room.take(lock, "order.locked");
  const auto lost = sync::make_event_body({"guard.health", kNow, sync::Severity::kHigh, "orders-damaged", 1, {}, {}});
  must(server::note_forgetting(room.school.store, room.device.id(), lost, lock.until + 1));
  CHECK(room.state_shown() == "uncertain");
  const Json all = must(room.school.ask(room.school.people.technician, "orders.list"));
  CHECK(all["orders"].as_array()->size() == 1);  // it may be in force: somebody may want to end it
}

TEST_CASE("a copied disk whose book has a gap is a clone all the same, and not wiped", "[R22]") {
  OrderRoom room;
  for (int i = 0; i < 3; ++i) room.device.record_plain("letter.taken", "something");
  sync::Batch batch = room.device.batch(3);
  Json::Object state = *batch.state.as_object();
  state["hardware"] = Json::Object{{"dmi_uuid", "another"}, {"board_serial", "serial-1"}};
  batch.state = Json(std::move(state));
  (void)must(server::ingest(room.school.store, room.school.state, sync::make_checkin_request(room.device.request(batch)), kNow));
  CHECK(must(room.school.store.device(room.device.id()))->problem == "clone");
  CHECK(room.publish(room.sign(room.order(OrderKind::kWipe))).error().code == ErrorCode::kPermissionDenied);
}

TEST_CASE("a stolen lock key has 64 orders, and whatever ends one of them is taken, by it and by anybody", "[R22]") {
  OrderRoom room;
  std::vector<sync::OrderId> locks;
  for (std::size_t i = 0; i < server::kMaxOrdersOfOne; ++i) {
    const sync::Order lock = room.order(OrderKind::kLock);
    locks.push_back(sync::letter_id(sync::make_order_payload(lock)));
    must(room.publish(room.sign(lock)));
  }
  const auto further = room.publish(room.sign(room.order(OrderKind::kLock)));
  REQUIRE_FALSE(further);
  CHECK(further.error().code == ErrorCode::kFull);
  sync::Order unlock = room.order(OrderKind::kUnlock);
  unlock.target = locks[7];
  const Bytes signed_once = room.sign(unlock);
  must(room.publish(signed_once));
  must(room.publish(signed_once));  // the same again
  unlock.nonce = random_array<16>();
  CHECK(room.publish(room.sign(unlock)).error().code == ErrorCode::kFull);  // another by the same, of the same
  unlock.target = random_array<16>();
  CHECK(room.publish(room.sign(unlock)).error().code == ErrorCode::kFull);  // of nothing that is here
  unlock.target = locks[8];
  must(room.publish(room.sign(unlock)));
}

TEST_CASE("an order that is over at once takes a place for the day, so that none are made without end", "[R22]") {
  OrderRoom room;
  const auto lock_at = [&](UnixSeconds now) {
    sync::Order lock = room.order(OrderKind::kLock);
    lock.issued = now;
    lock.until = now + 1;
    const Json arguments = Json::Object{{"envelope", to_base64(room.sign(lock))}};
    return server::publish_order(room.school.store, room.school.state, arguments, now);
  };
  for (std::size_t i = 0; i < server::kMaxOrdersOfOne; ++i) must(lock_at(kNow + static_cast<UnixSeconds>(i) * 2));
  CHECK_FALSE(lock_at(kNow + 3600));
  CHECK(lock_at(kNow + 86'400 + 3600));
}

TEST_CASE("the list of orders has the newest, and every lock that may be in force and that nothing ends", "[R22]") {
  OrderRoom room;
  const auto add = [&](const sync::Order& order) {
    const sync::OrderId id = sync::letter_id(sync::make_order_payload(order));
    must(room.school.store.add_letter({id, server::type_of_orders(), order.device, order.until, room.sign(order), kNow}, kNow));
    return sync::letter_name(id);
  };
  const auto listed = [&](const Json& arguments) {
    const Json answer = must(room.school.ask(room.school.people.technician, "orders.list", arguments));
    std::set<std::string> out;
    for (const Json& row : *answer["orders"].as_array()) out.insert(*row["order"].as_string());
    return out;
  };
  const sync::Order open = room.order(OrderKind::kLock), closed = room.order(OrderKind::kLock), badly_closed = room.order(OrderKind::kLock);
  const std::string open_id = add(open), closed_id = add(closed), badly_closed_id = add(badly_closed);
  sync::Order unlock = room.order(OrderKind::kUnlock);
  unlock.target = sync::letter_id(sync::make_order_payload(closed));
  add(unlock);
  unlock.target = sync::letter_id(sync::make_order_payload(badly_closed));
  unlock.hardware.board_serial = "of another machine";  // the device refuses it
  add(unlock);
  for (std::size_t i = 0; i < server::kMaxOrdersListed; ++i) {
    sync::Order noise = room.order(OrderKind::kUnlock);
    noise.target = random_array<16>();
    add(noise);
  }
  const auto ours = listed(Json::Object{{"device", to_hex(room.device.id())}});
  CHECK(ours.size() == server::kMaxOrdersListed + 2);
  CHECK(ours.contains(open_id));
  CHECK(ours.contains(badly_closed_id));
  CHECK_FALSE(ours.contains(closed_id));
  CHECK(listed(Json::Object{{"device", to_hex(sync::DeviceId{9})}}).empty());
  CHECK(listed(Json::Object{}) == ours);
}

TEST_CASE("what only somebody signed who has left the school since is given to no device, and takes no place", "[R22]") {
  OrderRoom room;
  for (int i = 0; i < 3; ++i) must(room.publish(room.sign(room.order(OrderKind::kLock))));
  CHECK(room.check_in().letters.size() == 3);
  must(room.school.state.publish_next(room.school.store, {room.school.signed_root(room.school.root_without_technician())}, kNow));
  CHECK(room.check_in().letters.empty());
  const auto rows = must(room.school.store.letters_since(server::type_of_orders(), 0));
  CHECK(must(room.school.store.letter_answers(rows.front().id)).front().answer == "no-signer");
  room.device.record_plain("letter.taken", sync::letter_name(rows.front().id));  // it had it already
  CHECK(room.check_in().letters.empty());
  CHECK(must(room.school.store.letter_answers(rows.front().id)).front().answer == "taken");
  const sync::Order lock = room.order(OrderKind::kLock);
  const Bytes by_deputy = TestSchool::envelope(sync::PayloadType::kOrder, sync::make_order_payload(lock), {&room.school.people.deputy.signing});
  must(server::publish_order(room.school.store, room.school.state, Json::Object{{"envelope", to_base64(by_deputy)}}, kNow));
  CHECK(room.check_in().letters == std::vector<Bytes>{by_deputy});
}

TEST_CASE("a wiped device's certificate is countersigned and kept, and becomes a record that verifies", "[R21]") {
  OrderRoom room;
  const sync::Order wipe = room.order(OrderKind::kWipe);
  must(room.publish(room.sign(wipe)));
  const Json ask = Json::Object{{"device", to_hex(room.device.id())}};
  CHECK(room.school.ask(room.school.people.technician, "wipe.record", ask).error().code == ErrorCode::kNotFound);
  sync::WipeCertificate certificate;
  certificate.school = room.school.state.id();
  certificate.device = room.device.id();
  certificate.order = sync::letter_id(sync::make_order_payload(wipe));
  certificate.root = 1;
  certificate.who = {"head", "technician"};
  const Bytes payload = sync::make_wipe_certificate_payload(certificate);
  const auto in_state = [&](const SigningKey& key) {
    return Json::Object{{"wipe_certificate", to_base64(TestSchool::envelope(sync::PayloadType::kWipeCertificate, payload, {&key}))}};
  };
  (void)room.check_in(in_state(room.school.people.technician.signing));  // somebody else's signature
  CHECK_FALSE(room.school.ask(room.school.people.technician, "wipe.record", ask));
  (void)room.check_in(in_state(room.device.key));
  const Json answer = must(room.school.ask(room.school.people.technician, "wipe.record", ask));
  const auto opened = sync::open_wipe_record(must(answer.base64_at("record")), room.school.state.id());
  REQUIRE(opened);
  CHECK(opened->is_countersigned);
}
