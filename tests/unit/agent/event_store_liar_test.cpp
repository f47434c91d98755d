// The book and a server that has the school's key for receipts and uses it to do harm: what it can make a device write, and lose, is bounded.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "agent/guard/event_store.h"
#include "tests/unit/agent/event_store_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

constexpr UnixSeconds kHour = 3600;

// Refuses whatever is handed out.
Status refuse(EventStore& store, const EventWorld& world, const std::string& problem = "chain") {
  const auto next = store.next_batch(500, 2 << 20);
  REQUIRE(next);
  const auto& epoch = next->batch.epoch;
  const sync::Receipt refusal{world.settings.school, world.settings.device, epoch,
                              sync::first_head(world.settings.school, world.settings.device, epoch), "n", 1, problem};
  return store.acknowledge(refusal, as_bytes("envelope"));
}

// How often each rule is among what is not acknowledged, in all epochs: what an honest server would get now.
std::map<std::string, int> waiting(EventStore& store, TestServer& server) {
  std::map<std::string, int> out;
  for (const std::string& rule : send_all(store, server)) ++out[rule.substr(0, rule.find(' '))];
  return out;
}

}  // namespace

TEST_CASE("a server that refuses without end gets a new epoch twice, then one in four hours", "[R18]") {
  EventWorld world;
  EventStore store = world.open();
  REQUIRE(store.append(std::vector{event("1")}));
  std::set<sync::EpochId> epochs{store.status().epoch};
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto done = refuse(store, world);
    epochs.insert(store.status().epoch);
    refused += done ? 0 : 1;
    if (!done) CHECK(done.error().code == ErrorCode::kUnavailable);
  }
  CHECK(epochs.size() == 3);
  CHECK(refused == 998);
  const std::uint64_t written = store.status().head.seq;
  for (int i = 0; i < 240; ++i) {
    world.clock.time += 60;
    (void)refuse(store, world);
    epochs.insert(store.status().epoch);
  }
  CHECK(epochs.size() == 4);
  CHECK(store.status().head.seq == written);  // the same again, and not the beginnings before it
}

TEST_CASE("years of refusals push nothing out of the book, and the quota holds", "[R18]") {
  EventWorld world;
  world.settings.quota = {.max_bytes = 64 << 10, .reserve_bytes = 8 << 10};
  EventStore store = world.open();
  for (int i = 0; i < 60; ++i) {
    REQUIRE(store.append(std::vector{event("high", sync::Severity::kHigh), event("low")}));
  }
  for (int i = 0; i < 400; ++i) {
    REQUIRE(refuse(store, world, i % 2 == 0 ? "chain" : "fork"));
    world.clock.time += 4 * kHour;
    CHECK(store.status().bytes <= world.settings.quota.max_bytes);
  }
  REQUIRE(store.maintain());
  TestServer server(world.box);
  const auto rules = waiting(store, server);
  CHECK(rules.at("high") == 60);
  CHECK(rules.at("low") == 60);
  CHECK(rules.at("rollback") == 1);  // the last one, which counts those before it
  CHECK(rules.size() == 4);          // and the enrolment
  CHECK(store.status().queued == 0);
}

TEST_CASE("the beginning that an honest server gets in the end says for how many it stands") {
  EventWorld world;
  EventStore store = world.open();
  for (int i = 0; i < 5; ++i) {
    REQUIRE(refuse(store, world));
    world.clock.time += 4 * kHour;
  }
  const auto first = store.list(1, 1, 1 << 20);
  REQUIRE(first->size() == 1);
  CHECK(sync::parse_event_body(first->at(0).body)->count == 5);
  TestServer server(world.box);
  (void)send_all(store, server);
  REQUIRE(store.append(std::vector{event("later")}));
  REQUIRE(refuse(store, world));
  CHECK(sync::parse_event_body(store.list(1, 1, 1 << 20)->at(0).body)->count == 1);
}

TEST_CASE("what a server refuses of an older epoch is written again only so often, however often it lies about where it stands") {
  EventWorld world;
  EventStore store = world.open();
  const sync::EpochId old = store.status().epoch;
  for (int i = 0; i < 20; ++i) REQUIRE(store.append(std::vector{event(std::to_string(i))}));
  REQUIRE(store.begin_epoch("rollback"));
  const sync::ChainHead start = sync::first_head(world.settings.school, world.settings.device, old);
  for (int i = 0; i < 50; ++i) {
    (void)store.acknowledge({world.settings.school, world.settings.device, old, start, "n", 1, "fork"}, as_bytes("r"));
    (void)store.rewind(old, start);
  }
  CHECK(store.status().head.seq <= 1 + 2 * 21);
}

TEST_CASE("of epochs that are done with the newest stay, and a receipt is not as large as its signer likes") {
  EventWorld world;
  TestServer server(world.box);
  EventStore store = world.open();
  for (int i = 0; i < 50; ++i) {
    REQUIRE(store.append(std::vector{event(std::to_string(i))}));
    REQUIRE(store.begin_epoch("rollback"));
    (void)send_all(store, server);
  }
  CHECK(store.status().bytes < 20'000);  // ten epochs, half of it the place of their receipts
  const auto next = store.next_batch(1, 1 << 20);
  CHECK(store.acknowledge(server.receipt(next->batch), Bytes(100'000, 'x')).error().code == ErrorCode::kTooLarge);
  { EventStore closed = std::move(store); }
  EventStore again = world.open();
  REQUIRE(again.append(std::vector{event("after")}));
  CHECK(send_all(again, server).back() == "after");
}

TEST_CASE("a clock that says anything at all keeps no book from being begun, and no event out of it") {
  EventWorld world;
  world.clock.time = GENERATE(UnixSeconds{0}, UnixSeconds{-1}, UnixSeconds{-100'000'000'000}, UnixSeconds{253'402'300'800},
                              UnixSeconds{9'100'000'000'000'000});
  TestServer server(world.box);
  EventStore store = world.open();
  NewEvent now = event("now");
  now.body.time = world.clock.time;
  REQUIRE(store.append(std::vector{now}));
  REQUIRE(store.begin_epoch("damage"));
  REQUIRE(store.append(std::vector{now}));
  CHECK(send_all(store, server).size() == 4);
  CHECK(store.status().queued == 0);
  CHECK(store.status().last_receipt > 0);
  REQUIRE(store.maintain());
}
