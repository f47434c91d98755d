#include "agent/guard/checkin.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "sync/hold.h"
#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

TakenAnswer take(GuardWorld& world, const sync::CheckinAnswer& answer) {
  return world.ask_well(GuardWorld::kNet, Ask::kTakeAnswer, make_take_answer(answer), parse_taken_answer);
}

sync::CheckinAnswer with_receipt(Bytes receipt) {
  sync::CheckinAnswer answer;
  answer.receipt = std::move(receipt);
  return answer;
}

Bytes sign_receipt(const SigningKey& key, const sync::Receipt& receipt) {
  const SigningKey* signer = &key;
  return sync::make_envelope(sync::PayloadType::kReceipt, sync::make_receipt_payload(receipt), {&signer, 1});
}

}  // namespace

TEST_CASE("who is not enrolled sends nothing") {
  GuardWorld world;
  CHECK_FALSE(world.next_request());
  (void)world.begin_enrolment();
  CHECK_FALSE(world.next_request());
}

TEST_CASE("a check-in carries what is queued, signed by the device, and says how it is doing", "[R18]") {
  GuardWorld world;
  world.serve();
  must(world.ask(GuardWorld::kNet, Ask::kReportWeb, report({violation("casino.example")})));
  const auto opened = world.next_request();
  REQUIRE(opened);
  CHECK(opened->batch.entries.size() == world.entries().size());
  CHECK(opened->request.sealed.size() == 1);
  const Json& state = opened->batch.state;
  CHECK(*state["root"].as_int() == 1);
  CHECK(*state["policy"].as_int() == 1);
  CHECK(*state["lists"].as_int() == 1);
  CHECK(*state["hardware"]["dmi_uuid"].as_string() == "uuid-1");
  CHECK(state["nonce"].as_string()->size() == 32);
  CHECK(state["stale_since"].is_null());
  world.check_in();
  CHECK(world.status().events_queued == 0);
  CHECK(world.server.rules().size() == world.entries().size());
}

TEST_CASE("only the server's receipt for this very request counts", "[R18]") {
  GuardWorld world;
  world.serve();
  const auto opened = world.next_request();
  REQUIRE(opened);
  REQUIRE(world.server.take(opened->batch));
  sync::Receipt receipt = world.server.receipt(opened->batch);
  const auto& school = world.room.school;
  const std::uint64_t queued = world.status().events_queued;

  take(world, with_receipt(sign_receipt(school.server, receipt)));  // another nonce
  CHECK(world.noted("receipt.refused A5"));
  receipt.nonce = must(opened->batch.state.string_at("nonce"));
  take(world, with_receipt(sign_receipt(school.technician, receipt)));
  CHECK(world.noted("receipt.refused E6"));
  sync::Receipt other = receipt;
  other.device = hash(as_bytes("another device"));
  take(world, with_receipt(sign_receipt(school.server, other)));
  CHECK(world.noted("receipt.refused H6"));
  take(world, with_receipt(to_bytes("rubbish")));
  CHECK(world.status().events_queued >= queued);

  take(world, with_receipt(sign_receipt(school.server, receipt)));
  CHECK(world.status().events_queued < queued + 3);
  const std::uint64_t left = world.status().events_queued;
  take(world, with_receipt(sign_receipt(school.server, receipt)));  // once
  CHECK(world.status().events_queued >= left);
}

TEST_CASE("after a receipt for another continuation of the book, what comes now goes into a new epoch", "[R18]") {
  GuardWorld world;
  world.serve();
  const auto opened = world.next_request();
  REQUIRE(opened);
  REQUIRE(world.server.take(opened->batch));
  sync::Receipt receipt = world.server.receipt(opened->batch);
  receipt.nonce = must(opened->batch.state.string_at("nonce"));
  receipt.head.link[0] ^= 1;
  take(world, with_receipt(sign_receipt(world.room.school.server, receipt)));
  CHECK(world.book().front().starts_with("epoch.started rollback"));
}

TEST_CASE("a server that refuses with its own signature gets nothing more before its time, and the device does not begin anew for ever", "[R4][R18]") {
  GuardWorld world;
  world.serve();
  std::set<sync::EpochId> epochs;
  for (int i = 0; i < 60; ++i) {
    const auto opened = world.next_request();
    REQUIRE(opened);
    epochs.insert(opened->batch.epoch);
    const auto first = sync::first_head(opened->batch.school, opened->batch.device, opened->batch.epoch);
    const sync::Receipt refusal{opened->batch.school, opened->batch.device, opened->batch.epoch, first,
                                must(opened->batch.state.string_at("nonce")), 1, "chain"};
    sync::CheckinAnswer answer = with_receipt(sign_receipt(world.room.school.server, refusal));
    answer.problem = "chain";
    answer.more = true;
    CHECK_FALSE(take(world, answer).more);
    world.clock.time += 60;
  }
  CHECK(epochs.size() == 3);
  CHECK(world.noted("receipt.refused unavailable"));
  world.clock.time += 3 * 3600;
  world.check_in();  // the true one is back, and has everything
  CHECK(world.status().events_queued == 0);
  const auto rules = world.server.rules();
  CHECK(std::ranges::count(rules, "certificate") == 1);
}

TEST_CASE("a server that says again and again that it has lost everything is sent it at once only so often", "[R4]") {
  GuardWorld world;
  world.serve();
  int at_once = 0;
  for (int i = 0; i < 100; ++i) {
    const auto opened = world.next_request();
    REQUIRE(opened);
    if (i == 0) REQUIRE(world.server.take(opened->batch));
    sync::Receipt receipt = world.server.receipt(opened->batch);
    receipt.nonce = must(opened->batch.state.string_at("nonce"));
    sync::CheckinAnswer answer = with_receipt(sign_receipt(world.room.school.server, receipt));
    answer.problem = "gap";
    answer.expected = sync::first_head(opened->batch.school, opened->batch.device, opened->batch.epoch);
    at_once += take(world, answer).more ? 1 : 0;
  }
  CHECK(at_once <= 10);
}

TEST_CASE("a server that stands earlier is sent the rest again, and proved its own receipt") {
  GuardWorld world;
  world.serve();
  for (int i = 0; i < 20; ++i) {
    must(world.ask(GuardWorld::kNet, Ask::kReportWeb, report({violation("bet" + std::to_string(i) + ".example")})));
  }
  world.check_in();
  const auto epoch = world.next_request()->batch.epoch;
  const auto known = world.server.rules().size();
  world.server.forget_after(epoch, 5);  // restored from a copy
  must(world.ask(GuardWorld::kNet, Ask::kReportWeb, report({violation("late.example")})));
  const auto opened = world.next_request();
  REQUIRE(opened);
  CHECK_FALSE(world.server.take(opened->batch));
  CHECK_FALSE(opened->request.last_receipt.empty());
  sync::CheckinAnswer answer;
  answer.problem = "gap";
  answer.expected = world.server.head(epoch);
  CHECK(take(world, answer).more);
  (void)world.next_request();
  CHECK_FALSE(take(world, answer).more);  // a server that only ever says so does not keep the device busy
  world.check_in();
  CHECK(world.server.head(epoch).seq == known + 1);
  CHECK(world.status().events_queued == 0);
}

TEST_CASE("a server that lacks the end of the epoch before is sent it again, and the order of a crash does not matter") {
  GuardWorld world;
  world.serve();
  world.check_in();
  const auto old = world.next_request()->batch.epoch;
  world.stop();
  std::filesystem::remove(world.settings.state / "events/events.key");  // a new epoch begins
  world.start();
  world.check_in();
  const auto newest = world.next_request()->batch.epoch;
  REQUIRE(newest != old);
  const sync::ChainHead end = world.server.head(old);
  world.server.forget_after(old, 1);
  world.server.forget_after(newest, 0);
  sync::CheckinAnswer answer;
  answer.problem = "unknown-epoch";
  answer.expected = world.server.head(newest);
  CHECK(take(world, answer).more);
  CHECK(world.next_request()->batch.epoch_start->previous == old);
  answer = {};
  answer.missing = {{old, world.server.head(old)}, {sync::EpochId{}, {}}};  // and no receipt: as after a crash in between
  CHECK_FALSE(take(world, answer).more);  // a server that only ever says so does not keep the device busy
  CHECK(world.next_request()->batch.epoch == old);
  world.check_in();
  CHECK(world.server.head(old) == end);
  CHECK(world.status().events_queued == 0);
}

TEST_CASE("what an unsigned complaint says is not ours changes nothing but the book") {
  GuardWorld world;
  world.serve();
  world.check_in();
  (void)world.next_request();
  sync::CheckinAnswer answer;
  answer.problem = "gap\n\x1b[2J";
  answer.expected = sync::ChainHead{3, hash(as_bytes("not ours"))};
  CHECK_FALSE(take(world, answer).more);
  CHECK(world.noted("checkin.problem other"));
  world.check_in();
}

TEST_CASE("hardware that cannot be read: filtered as before, but nothing is sent as this device") {
  GuardWorld world;
  world.serve();
  world.settings.hardware = {};
  world.start();
  CHECK(world.filter().state == FilterState::kReady);
  CHECK_FALSE(world.next_request());
  CHECK_FALSE(world.healthy("hardware-unreadable"));
}

TEST_CASE("a request to be held is signed by the device, for itself, each time anew") {
  GuardWorld world;
  const auto next_hold = [&world] { return world.ask_well(GuardWorld::kNet, Ask::kNextHold, make_next_hold("1.2.3"), parse_body_answer); };
  CHECK(next_hold().empty());
  world.serve();
  const auto open = [&world](const Bytes& body) {
    const auto request = must(sync::parse_hold_request(body));
    return must(sync::open_hold({request.hold}, must(sync::open_certificate({request.certificate}, world.room.school.verified()))));
  };
  const sync::Hold first = open(next_hold()), second = open(next_hold());
  CHECK(first.mark == "1.2.3");
  CHECK(first.nonce != second.nonce);
  CHECK(first.time <= second.time);
  CHECK_FALSE(world.ask(GuardWorld::kNet, Ask::kNextHold, make_next_hold(std::string(65, 'm'))));
  CHECK_FALSE(world.ask(GuardWorld::kAnna, Ask::kNextHold, make_next_hold("1.2.3")));
}
