#include "agent/guard/event_store.h"

#include "agent/guard/event_schema.h"
#include "agent/guard/ratchet_file.h"
#include "platform/files.h"
#include "tests/unit/agent/event_store_world.h"

using namespace caretaker;
using namespace caretaker::agent;
using sync::Severity;

namespace {

std::uint64_t must_size(const std::filesystem::path& path) {
  const auto size = platform::file_size(path);
  REQUIRE(size);
  return *size;
}

}  // namespace

TEST_CASE("what is appended arrives once, in order, chained and tagged from the first key on", "[R18]") {
  EventWorld world;
  TestServer server(world.box);
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 250)));
  CHECK(store.status().queued == 251);
  const auto rules = send_all(store, server, 100);
  REQUIRE(rules.size() == 251);
  CHECK(rules.front() == "enrolment");
  CHECK(rules[1] == "1");
  CHECK(rules.back() == "250");
  CHECK(store.status().queued == 0);
  REQUIRE(store.append(events(251, 260)));
  CHECK(send_all(store, server).back() == "260");
}

TEST_CASE("the book goes on after a restart: same epoch, same chain, no seq twice") {
  EventWorld world;
  TestServer server(world.box);
  sync::EpochId epoch{};
  for (int i = 0; i < 5; ++i) {
    EventStore store = world.open();
    if (i == 0) epoch = store.status().epoch;
    CHECK(store.status().epoch == epoch);
    REQUIRE(store.append(events(10 * i, 10 * i + 9)));
    if (i % 2 == 1) (void)send_all(store, server);
  }
  EventStore store = world.open();
  CHECK(send_all(store, server).size() == 51);
  CHECK(store.status().head.seq == 51);
}

TEST_CASE("a receipt takes no room that was not counted before") {
  EventWorld world;
  TestServer server(world.box);
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 5)));
  const auto bytes = store.status().bytes;
  const auto next = store.next_batch(10, 1u << 20);
  REQUIRE(server.take(next->batch));
  REQUIRE(store.acknowledge(server.receipt(next->batch), Bytes(1024, 'r')));
  CHECK(store.status().bytes == bytes);
  CHECK(store.acknowledge(server.receipt(next->batch), Bytes(1025, 'r')).error().code == ErrorCode::kTooLarge);
}

TEST_CASE("sealed details travel beside the chain and open with the lead's key alone", "[R13]") {
  EventWorld world;
  const BoxKey lead = make_box_key(random_key());
  EventStore store = world.open();
  REQUIRE(store.append(std::vector{sealed_event("a", lead.public_key), event("b")}));
  const auto next = store.next_batch(10, 1 << 20);
  REQUIRE(next);
  REQUIRE(next->sealed.size() == 1);
  const auto body = sync::parse_event_body(next->batch.entries[1].body);
  REQUIRE(body);
  const auto details = sync::open_details(next->sealed.at(2), *body, lead);
  REQUIRE(details);
  CHECK(details->fields.at("name") == "example.com");
  CHECK_FALSE(sync::open_details(next->sealed.at(2), *body, make_box_key(random_key())));
}

TEST_CASE("an event that the server would refuse is refused here, and blocks nothing") {
  EventWorld world;
  EventStore store = world.open();
  const BoxKey lead = make_box_key(random_key());
  NewEvent no_sealed = sealed_event("a", lead.public_key);
  no_sealed.sealed.reset();
  NewEvent other_sealed = sealed_event("a", lead.public_key);
  other_sealed.sealed = sealed_event("b", lead.public_key).sealed;
  for (const NewEvent& bad :
       {event(std::string(5000, 'x')), event("a", Severity::kLow, "Not A Kind"), no_sealed, other_sealed}) {
    CHECK_FALSE(store.append(std::vector{event("good"), bad}));
  }
  CHECK(store.status().head.seq == 1);
}

TEST_CASE("a group that is reported again is stored once, also after a restart") {
  EventWorld world;
  const GroupId group = random_array<16>();
  {
    EventStore store = world.open();
    REQUIRE(store.append(events(1, 3), group));
    REQUIRE(store.append(events(1, 3), group));
  }
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 3), group));
  REQUIRE(store.append(events(4, 4), random_array<16>()));
  CHECK(store.status().head.seq == 5);
}

TEST_CASE("a book from before groups had places knows its groups still") {
  EventWorld world;
  const GroupId group = random_array<16>();
  {
    REQUIRE(platform::make_folder(world.settings.folder, 0700));
    auto book = platform::Database::open(world.settings.folder / "events.db");
    REQUIRE(book);
    REQUIRE(platform::migrate(*book, event_schema().first(1)));
    auto insert = book->prepare("INSERT INTO told (id) VALUES (?)");
    REQUIRE(insert);
    for (int i = 0; i < 1500; ++i) REQUIRE(insert->bind(1, ByteView(random_array<16>())).run());
    REQUIRE(insert->bind(1, ByteView(group)).run());
  }
  EventStore store = world.open();
  const auto before = store.status().head.seq;
  REQUIRE(store.append(events(1, 3), group));
  CHECK(store.status().head.seq == before);
  REQUIRE(store.append(events(1, 3), random_array<16>()));
  CHECK(store.status().head.seq == before + 3);
}

TEST_CASE("of the groups that were stored the newest are remembered, also by a store that is opened again") {
  EventWorld world;
  std::vector<GroupId> groups(ToldGroups::kKept + 10);
  for (GroupId& group : groups) group = random_array<16>();
  {
    EventStore store = world.open();
    for (const GroupId& group : groups) REQUIRE(store.append({}, group));
  }
  const auto is_new = [](EventStore& store, const GroupId& group) {
    const auto before = store.status().head.seq;
    REQUIRE(store.append(events(1, 1), group));
    return store.status().head.seq > before;
  };
  for (int round = 0; round < 2; ++round) {
    EventStore store = world.open();
    CHECK_FALSE(is_new(store, groups[10 + static_cast<std::size_t>(round)]));  // the oldest that is kept, until another takes its place
    CHECK_FALSE(is_new(store, groups.back()));
    CHECK(is_new(store, groups[static_cast<std::size_t>(round)]));
    CHECK_FALSE(is_new(store, groups[static_cast<std::size_t>(round)]));
  }
}

TEST_CASE("a batch that is not answered is handed out again with the same end") {
  EventWorld world;
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 5)));
  const auto first = store.next_batch(100, 1 << 20);
  REQUIRE(store.append(events(6, 9)));
  const auto again = store.next_batch(100, 1 << 20);
  REQUIRE(first);
  REQUIRE(again);
  CHECK(again->batch.seq_to == first->batch.seq_to);
  CHECK(again->batch.head == first->batch.head);
  CHECK(again->more);
  CHECK_FALSE(first->more);
}

TEST_CASE("a batch keeps within the bytes of the request that it goes into") {
  const BoxKey lead = make_box_key(random_key());
  std::vector<NewEvent> many;
  for (int i = 0; i < 400; ++i)
    many.push_back(i % 2 == 0 ? sealed_event("a", lead.public_key) : event(std::string(200, 'r')));
  const SigningKey device = make_signing_key(random_key());
  for (const std::size_t max_bytes : {std::size_t{20'000}, std::size_t{100'000}, std::size_t{400'000}}) {
    EventWorld world;
    EventStore store = world.open();
    REQUIRE(store.append(many));
    auto next = store.next_batch(1000, max_bytes);
    REQUIRE(next);
    next->batch.state = Json(Json::Object{{"nonce", "n"}});
    const std::array keys{&device};
    const Bytes envelope = sync::make_envelope(sync::PayloadType::kBatch, sync::make_batch_payload(next->batch), keys);
    const Bytes request = sync::make_checkin_request({{}, envelope, next->sealed, {}});
    CHECK(request.size() <= max_bytes);
    CHECK(request.size() > max_bytes / 2);
    CHECK(store.next_batch(1000, 1)->batch.entries.size() == 1);
  }
}

TEST_CASE("a receipt counts only for our own chain") {
  EventWorld world;
  TestServer server(world.box);
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 5)));
  const auto next = store.next_batch(3, 1 << 20);
  REQUIRE(server.take(next->batch));
  const sync::Receipt good = server.receipt(next->batch);
  sync::Receipt bad = good;
  bad.epoch[0] ^= 1;
  CHECK(store.acknowledge(bad, as_bytes("r")).error().code == ErrorCode::kConflict);
  bad = good;
  bad.device[0] ^= 1;
  CHECK(store.acknowledge(bad, as_bytes("r")).error().code == ErrorCode::kConflict);
  CHECK(store.status().queued == 6);
  REQUIRE(store.acknowledge(good, as_bytes("r")));
  CHECK(store.acknowledge(good, as_bytes("r")));
  CHECK(store.status().queued == 3);
  CHECK(as_text(store.next_batch(3, 1 << 20)->last_receipt) == "r");
  bad = good;
  bad.head = {1, {}};
  CHECK(store.acknowledge(bad, as_bytes("r")).error().code == ErrorCode::kStale);
  CHECK(store.status().last_receipt == world.clock.time);
}

TEST_CASE("a server that was restored gets everything again that it has forgotten") {
  EventWorld world;
  TestServer server(world.box);
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 20)));
  (void)send_all(store, server, 7);
  const sync::EpochId epoch = store.status().epoch;
  server.forget_after(epoch, 8);
  REQUIRE(store.append(events(21, 22)));
  CHECK_FALSE(server.take(store.next_batch(100, 1 << 20)->batch));
  sync::ChainHead wrong = server.head(epoch);
  wrong.link[0] ^= 1;
  CHECK(store.rewind(epoch, {0, wrong.link}).error().code == ErrorCode::kConflict);  // no server says that: on the way somebody has
  CHECK_FALSE(store.next_batch(100, 1 << 20)->batch.epoch_start);
  CHECK(store.rewind(epoch, wrong).error().code == ErrorCode::kConflict);
  CHECK(store.next_batch(100, 1 << 20)->batch.epoch_start);  // says that we have heard it and have nothing earlier
  REQUIRE(store.rewind(epoch, server.head(epoch)));
  CHECK(store.status().queued == 15);
  CHECK(send_all(store, server, 7).back() == "22");
  CHECK(server.head(epoch) == store.status().head);
}

TEST_CASE("what was acknowledged goes after 14 days, and a server that lost all can still be brought up to date") {
  EventWorld world;
  TestServer server(world.box);
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 20)));
  (void)send_all(store, server);
  world.clock.time += 13 * 86'400;
  REQUIRE(store.maintain());
  CHECK(store.list(1, 100, 1 << 20)->size() == 21);
  world.clock.time += 2 * 86'400;
  REQUIRE(store.maintain());
  CHECK(store.list(1, 100, 1 << 20)->size() == 2);
  REQUIRE(store.append(events(21, 25)));
  TestServer empty(world.box);
  const sync::EpochId epoch = store.status().epoch;
  REQUIRE(store.rewind(epoch, sync::first_head(world.settings.school, world.settings.device, epoch)));
  CHECK(send_all(store, empty).size() == 6);
  CHECK(empty.head(epoch) == store.status().head);
}

TEST_CASE("the stubs that dropping leaves count against the quota too") {
  EventWorld world;
  world.settings.quota = {12 << 10, 1536};
  EventStore store = world.open();
  for (int i = 0; i < 60; ++i) {  // each stub stands alone between two that stay
    const std::string rule = std::to_string(i);
    REQUIRE(store.append(std::vector{event(rule), event(rule, sync::Severity::kMedium), event(rule), event(rule, sync::Severity::kHigh)}));
    CHECK(store.status().bytes <= world.settings.quota.max_bytes);
  }
}

TEST_CASE("a policy with another quota holds from the next event on, without a restart", "[R18]") {
  EventWorld world;
  world.settings.quota = {64 << 10, 8 << 10};
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 150)));
  REQUIRE(store.status().bytes > 20 << 10);
  store.set_quota({16 << 10, 2 << 10});
  REQUIRE(store.append(events(151, 151)));
  CHECK(store.status().bytes <= 16 << 10);
  store.set_quota({64 << 10, 8 << 10});
  REQUIRE(store.append(events(152, 250)));
  CHECK(store.status().bytes > 16 << 10);
}

TEST_CASE("a whole book that goes at once goes in portions: one stub is left of it, and the log stays small", "[R18]") {
  EventWorld world;
  world.settings.quota = {64 << 20, 8 << 20};
  EventStore store = world.open();
  const std::vector<NewEvent> group(64, sealed_event("a", make_box_key(random_key()).public_key));
  for (int i = 0; i < 150; ++i) REQUIRE(store.append(group));
  REQUIRE(store.sync_key());
  REQUIRE(store.status().bytes > 8u << 20);
  store.set_quota({1 << 20, 128 << 10});
  REQUIRE(store.append(events(1, 1)));
  CHECK(store.status().bytes <= 1u << 20);
  CHECK(must_size(world.settings.folder / "events.db-wal") < 6u << 20);
  TestServer server(world.box);
  const auto rules = send_all(store, server);
  CHECK(rules.back() == "1");
}

TEST_CASE("what is larger than all that may go is refused, and nothing is written beyond the quota", "[R18]") {
  EventWorld world;
  world.settings.quota = {4 << 10, 512};
  EventStore store = world.open();
  const Status stored = store.append(events(1, 100));
  REQUIRE_FALSE(stored);
  CHECK(stored.error().code == ErrorCode::kFull);
  CHECK(store.status().bytes <= 4 << 10);
  REQUIRE(store.append(events(1, 1)));
}

TEST_CASE("a new epoch keeps to the quota too") {
  EventWorld world;
  world.settings.quota = {16 << 10, 1 << 10};
  EventStore store = world.open();
  for (int i = 0; i < 60; ++i) REQUIRE(store.append(std::vector{event(std::to_string(i), sync::Severity::kHigh)}));
  for (int i = 0; i < 8; ++i) {
    REQUIRE(store.begin_epoch("rollback"));
    CHECK(store.status().bytes <= world.settings.quota.max_bytes);
  }
}

TEST_CASE("a new epoch names the one before, and what is unsent of that is sent first") {
  EventWorld world;
  TestServer server(world.box);
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 5)));
  const EventStoreStatus before = store.status();
  REQUIRE(store.begin_epoch("rollback"));
  REQUIRE(store.append(events(6, 7)));
  CHECK(store.status().epoch != before.epoch);
  const auto rules = send_all(store, server);
  REQUIRE(rules.size() == 9);
  CHECK(rules[5] == "5");
  CHECK(rules[6] == "rollback epoch=" + to_hex(before.epoch) + " seq=6 link=" + to_hex(before.head.link));
}

TEST_CASE("what waits in an epoch that the server does not take is written down anew, once, with its sealed part") {
  EventWorld world;
  TestServer server(world.box);
  const BoxKey lead = make_box_key(random_key());
  EventStore store = world.open();
  const sync::EpochId old = store.status().epoch;
  REQUIRE(store.append(events(1, 600)));
  REQUIRE(store.append(std::vector{sealed_event("secret", lead.public_key)}));
  REQUIRE(store.begin_epoch("rollback"));
  const sync::EpochId newest = store.status().epoch;
  for (int i = 0; i < 2; ++i) {
    REQUIRE(store.acknowledge({world.settings.school, world.settings.device, old, {}, "n", 0, "fork"}, as_bytes("r")));
    CHECK(store.status().epoch == newest);
    CHECK(store.status().queued == 603);
  }
  const auto next = store.next_batch(1000, 4 << 20);
  CHECK(next->batch.epoch == newest);
  CHECK(next->sealed.size() == 1);
  const auto rules = send_all(store, server);
  REQUIRE(rules.size() == 603);
  CHECK(rules[0].starts_with("rollback epoch="));
  CHECK(rules[1] == "enrolment");
  CHECK(rules[601] == "600");
  CHECK(rules[602] == "secret");
  CHECK(store.status().queued == 0);
}

TEST_CASE("a receipt for another place than ours confirms what was sent; when nothing is left, the book was put back") {
  EventWorld world;
  TestServer server(world.box);
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 5)));
  const sync::EpochId old = store.status().epoch;
  for (const std::size_t sent : {4, 2}) {
    const auto next = store.next_batch(sent, 1 << 20);
    REQUIRE(server.take(next->batch));
    CHECK(store.status().epoch == old);
    sync::Receipt receipt = server.receipt(next->batch);
    receipt.head.seq = 100;
    REQUIRE(store.acknowledge(receipt, as_bytes("r")));
  }
  CHECK(store.status().epoch != old);
  const auto rules = send_all(store, server);
  REQUIRE(rules.size() == 7);
  CHECK(rules.back().starts_with("rollback epoch="));
}

TEST_CASE("a batch that is refused ends its epoch at the place that the server has") {
  EventWorld world;
  TestServer server(world.box);
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 5)));
  const auto next = store.next_batch(3, 1 << 20);
  REQUIRE(server.take(next->batch));
  sync::Receipt refusal = server.receipt(next->batch);
  const auto [problem, reason] = GENERATE(std::pair("fork", "rollback"), std::pair("overtaken", "rollback"), std::pair("chain", "damage"));
  refusal.problem = problem;
  REQUIRE(store.acknowledge(refusal, as_bytes("r")));
  const auto rules = send_all(store, server);
  REQUIRE(rules.size() == 7);
  CHECK(rules[3].starts_with(reason));
  CHECK(std::vector(rules.end() - 3, rules.end()) == std::vector<std::string>{"3", "4", "5"});
}

TEST_CASE("what was written down anew does not come twice, also when the server has lost a day since", "[R18]") {
  EventWorld world;
  TestServer server(world.box);
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 3000)));
  const std::size_t sent = GENERATE(0, 3);
  const auto next = store.next_batch(std::max<std::size_t>(sent, 1), 1 << 20);
  sync::Receipt refusal{world.settings.school, world.settings.device, next->batch.epoch, {}, "n", 1, "fork"};
  if (sent > 0) {
    REQUIRE(server.take(next->batch));
    refusal.head = server.head(refusal.epoch);
  }
  REQUIRE(store.acknowledge(refusal, as_bytes("r")));
  const std::uint64_t queued = store.status().queued;
  const auto restart = [&](bool is_clean) {
    { [[maybe_unused]] const EventStore closed = std::move(store); }
    if (!is_clean) std::filesystem::remove(world.settings.folder / "events.clean");  // so that the whole book is checked
    store = world.open();
    CHECK_FALSE(std::filesystem::exists(world.settings.folder / "set-aside"));
  };
  const auto [restarts, is_clean] = GENERATE(std::pair(false, false), std::pair(true, false), std::pair(true, true));
  if (restarts) restart(is_clean);
  CHECK(store.status().queued == queued);
  REQUIRE(send_all(store, server).size() == sent + queued);
  if (restarts) restart(is_clean);
  sync::ChainHead place = sync::first_head(world.settings.school, world.settings.device, refusal.epoch);
  if (sent > 0) {
    server.forget_after(refusal.epoch, 2);
    place = server.head(refusal.epoch);
  }
  REQUIRE(store.rewind(refusal.epoch, place));
  CHECK(store.status().queued == 1);  // "2", or the beginning, which names the epoch before
  if (restarts) restart(is_clean);
  CHECK(send_all(store, server).size() == sent + queued + 1);
  CHECK(store.status().queued == 0);
}

TEST_CASE("a book that is nearly full makes room for what it writes down anew, and is whole after it", "[R18]") {
  EventWorld world;
  world.settings.quota = {.max_bytes = 1 << 20, .reserve_bytes = 128 << 10};
  TestServer server(world.box);
  EventStore store = world.open();
  REQUIRE(store.append(events(1, 200)));
  (void)send_all(store, server);
  const sync::EpochId epoch = store.status().epoch;
  for (int i = 0; i < 20; ++i) REQUIRE(store.append(events(1000 + 100 * i, 1099 + 100 * i)));
  REQUIRE(store.acknowledge({world.settings.school, world.settings.device, epoch, server.head(epoch), "n", 1, "fork"}, as_bytes("r")));
  const std::uint64_t queued = store.status().queued;
  CHECK(queued > 1000);
  { [[maybe_unused]] const EventStore closed = std::move(store); }
  store = world.open();
  CHECK_FALSE(std::filesystem::exists(world.settings.folder / "set-aside"));
  CHECK(store.status().queued == queued);
  (void)send_all(store, server);
  CHECK(store.status().queued == 0);
}

TEST_CASE("listing shows what is queued, with stubs and sealed parts, from where one asks") {
  EventWorld world;
  EventStore store = world.open();
  const BoxKey lead = make_box_key(random_key());
  REQUIRE(store.append(std::vector{event("a"), sealed_event("b", lead.public_key)}));
  const auto all = store.list(2, 10, 1 << 20);
  REQUIRE(all->size() == 2);
  CHECK(sync::parse_event_body(all->at(0).body)->rule == "a");
  CHECK(all->at(0).sealed.empty());
  CHECK(sync::parse_sealed_json(all->at(1).sealed));
  CHECK(store.list(2, 10, 10)->empty());
  CHECK(store.list(99, 10, 1 << 20)->empty());
}

TEST_CASE("the steps of the schema are frozen") {
  REQUIRE(event_schema().size() == 2);
  CHECK(to_hex(hash(as_bytes(event_schema()[0].sql))) ==
        "6e1b85caea7bb1529ddea64172cdb4e2e0063e683aac8ece0cf4305f59d16bb2");
  CHECK(to_hex(hash(as_bytes(event_schema()[1].sql))) ==
        "a9cbdcf8275049bc753df2748cdec0f75a30470326f5920d04404175608f56a3");
}
