#include <algorithm>
#include <fstream>

#include "agent/guard/event_store.h"
#include "agent/guard/ratchet_file.h"
#include "platform/files.h"
#include "platform/sqlite.h"
#include "tests/unit/agent/event_store_world.h"

using namespace caretaker;
using namespace caretaker::agent;
namespace fs = std::filesystem;

namespace {

void append_some(EventStore& store, int from, int to) {
  for (int i = from; i <= to; ++i) REQUIRE(store.append(std::vector{event(std::to_string(i))}));
}

// A world whose book has held `count` events and is closed.
void fill(const EventWorld& world, int count) {
  EventStore store = world.open();
  append_some(store, 1, count);
}

// The state as a power cut at this moment would leave it.
void copy_state(const EventWorld& from, const EventWorld& to) {
  fs::copy(from.settings.folder, to.settings.folder,
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
}

void put_back_database(const EventWorld& from, const EventWorld& to) {
  for (const char* name : {"events.db", "events.db-wal"}) {
    fs::copy_file(from.settings.folder / name, to.settings.folder / name, fs::copy_options::overwrite_existing);
  }
}

std::string first_rule(EventStore& store) {
  const auto all = store.list(1, 1, 1 << 20);
  REQUIRE(all->size() == 1);
  return sync::parse_event_body(all->at(0).body)->rule;
}

std::size_t set_aside(const EventWorld& world) {
  std::error_code none;
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(world.settings.folder / "set-aside", none)) {
    count += entry.path().extension() == ".db" ? 1 : 0;
  }
  return count;
}

void overwrite(const fs::path& path, std::uint64_t offset, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  file << bytes;
}

}  // namespace

TEST_CASE("after an unclean stop the book goes on with all that was appended") {
  EventWorld world;
  EventWorld after;
  EventStore store = world.open();
  append_some(store, 1, 30);
  REQUIRE(store.sync_key());
  append_some(store, 31, 40);  // the key file stays behind these
  copy_state(world, after);
  EventStore again = after.open();
  CHECK(again.status().epoch == store.status().epoch);
  CHECK(again.status().head == store.status().head);
  append_some(again, 41, 41);
  TestServer server(world.box);
  CHECK(send_all(again, server).size() == 42);
}

TEST_CASE("an older key of the same epoch is brought forward by the tags") {
  EventWorld world;
  fill(world, 5);
  const auto old_key = platform::read_file(world.settings.folder / "events.key", 10'000);
  fill(world, 200);
  REQUIRE(platform::replace_file(world.settings.folder / "events.key", *old_key, 0600));
  EventStore store = world.open();
  append_some(store, 1, 1);
  TestServer server(world.box);
  CHECK(first_rule(store) == "enrolment");
  CHECK(send_all(store, server).size() == 207);
}

TEST_CASE("without its key, or with a damaged one, the book begins a new epoch and still sends the old one") {
  for (const bool is_missing : {true, false}) {
    EventWorld world;
    fill(world, 5);
    if (is_missing)
      fs::remove(world.settings.folder / "events.key");
    else
      REQUIRE(platform::replace_file(world.settings.folder / "events.key", Bytes(8192, 0x33), 0600));
    EventStore store = world.open();
    append_some(store, 6, 7);
    CHECK(first_rule(store).starts_with("damage epoch="));
    CHECK(set_aside(world) == 0);
    TestServer server(world.box);
    CHECK(send_all(store, server).size() == 9);
  }
}

TEST_CASE("one torn write of the key costs nothing") {
  for (const std::uint64_t place : {0u, 4096u}) {
    EventWorld world;
    fill(world, 5);
    overwrite(world.settings.folder / "events.key", place + 60, "torn");
    EventStore store = world.open();
    CHECK(first_rule(store) == "enrolment");
    append_some(store, 6, 6);
    TestServer server(world.box);
    CHECK(send_all(store, server).size() == 7);
  }
}

TEST_CASE("a database put back to an older copy is a rollback: a new epoch says so") {
  EventWorld world;
  fill(world, 5);
  EventWorld older;
  copy_state(world, older);
  fill(world, 5);
  put_back_database(older, world);
  EventStore store = world.open();
  CHECK(first_rule(store).starts_with("rollback epoch="));
  CHECK(first_rule(store).find(" seq=11 ") != std::string::npos);  // the key's file remembers how far it was
  TestServer server(world.box);
  CHECK(send_all(store, server).size() == 7);
}

TEST_CASE("a database from before its epoch began is a rollback too") {
  EventWorld world;
  fill(world, 5);
  EventWorld older;
  copy_state(world, older);
  {
    EventStore store = world.open();
    REQUIRE(store.begin_epoch("damage"));
  }
  put_back_database(older, world);
  EventStore store = world.open();
  CHECK(first_rule(store).starts_with("rollback epoch="));
}

TEST_CASE("a whole disk put back is noticed by the server's receipt") {
  EventWorld world;
  EventWorld older;
  older.box = world.box;
  older.settings.server_box = world.settings.server_box;
  TestServer server(world.box);
  fill(world, 5);
  copy_state(world, older);
  sync::EpochId epoch{};
  {
    EventStore store = world.open();
    append_some(store, 6, 20);
    (void)send_all(store, server);
    epoch = store.status().epoch;
  }
  EventStore store = older.open();
  CHECK(store.status().epoch == epoch);
  const auto next = store.next_batch(100, 1 << 20);
  REQUIRE(server.take(next->batch));  // all of it is known there
  REQUIRE(store.acknowledge(server.receipt(next->batch), as_bytes("r")));
  CHECK(store.status().epoch != epoch);
  CHECK(first_rule(store).starts_with("rollback epoch=" + to_hex(epoch)));
  CHECK(send_all(store, server).back() == first_rule(store));
}

TEST_CASE("a key without its database: the new book names the epoch that is lost") {
  EventWorld world;
  fill(world, 5);
  fs::remove(world.settings.folder / "events.db");
  fs::remove(world.settings.folder / "events.db-wal");
  EventStore store = world.open();
  CHECK(first_rule(store).starts_with("damage epoch="));
  CHECK(first_rule(store).find(" seq=6 ") != std::string::npos);
}

TEST_CASE("another device's book is set aside, not continued and not deleted") {
  EventWorld world;
  fill(world, 5);
  world.settings.device[0] ^= 1;
  EventStore store = world.open();
  CHECK(first_rule(store).starts_with("re-enrolment epoch="));
  CHECK(set_aside(world) == 1);
  TestServer server(world.box);
  CHECK(send_all(store, server).size() == 1);
}

TEST_CASE("a file that is no book, or one of a newer program, is set aside") {
  EventWorld world;
  fill(world, 5);
  REQUIRE(platform::replace_file(world.settings.folder / "events.db", Bytes(20'000, 'x'), 0600));
  fs::remove(world.settings.folder / "events.db-wal");
  { CHECK(first_rule(*std::make_unique<EventStore>(world.open())).starts_with("damage")); }
  CHECK(set_aside(world) == 1);
  {
    auto database = platform::Database::open(world.settings.folder / "events.db");
    REQUIRE(database->execute("PRAGMA user_version=99"));
  }
  EventStore store = world.open();
  CHECK(first_rule(store).starts_with("damage"));
  CHECK(set_aside(world) == 2);
}

TEST_CASE("of what was set aside the newest stays, and one more where both fit into the quota") {
  EventWorld world;
  const bool is_large = GENERATE(false, true);
  world.settings.quota = {.max_bytes = is_large ? 1u << 20 : 16u << 20, .reserve_bytes = 128 << 10};
  for (int round = 0; round < 5; ++round) {
    {
      EventStore store = world.open();
      for (int i = 0; i < (is_large ? 150 : 1); ++i) {
        REQUIRE(store.append(std::vector<NewEvent>(20, event(std::string(100, static_cast<char>('a' + round))))));
      }
    }
    overwrite(world.settings.folder / "events.db", 0, std::string(16'384, '\0'));
    world.clock.time += round == 2 ? -86'400 : 3600;
  }
  EventStore store = world.open();
  CHECK(set_aside(world) == (is_large ? 1 : 2));
  bool has_newest = false;
  for (const auto& entry : fs::directory_iterator(world.settings.folder / "set-aside")) {
    if (entry.path().extension() != ".db") continue;
    const auto bytes = platform::read_file(entry.path(), 64u << 20);
    REQUIRE(bytes);
    has_newest = has_newest || as_text(*bytes).find(std::string(100, 'e')) != std::string_view::npos;
  }
  CHECK(has_newest);
}

TEST_CASE("what has the name of a file of the book and is none is set aside") {
  const std::string name = GENERATE("events.db", "events.db-wal", "events.key", "events.ballast", "events.clean");
  EventWorld world;
  fill(world, 5);
  fs::remove(world.settings.folder / name);
  if (GENERATE(false, true)) {
    fs::create_directory(world.settings.folder / name);
    std::ofstream(world.settings.folder / name / "in it") << "x";
  } else {
    fs::create_symlink("nowhere", world.settings.folder / name);
  }
  TestServer server(world.box);
  EventStore store = world.open();
  append_some(store, 6, 8);
  REQUIRE(store.sync_key());
  CHECK(send_all(store, server).back() == "8");
  REQUIRE(store.maintain());
  CHECK(fs::is_regular_file(world.settings.folder / "events.ballast"));
}

TEST_CASE("where the folder of the book should be and something else is, a new book begins") {
  EventWorld world;
  fill(world, 5);
  fs::remove_all(world.settings.folder);
  if (GENERATE(false, true)) {
    std::ofstream(world.settings.folder) << "x";
  } else {
    fs::create_symlink("nowhere", world.settings.folder);
  }
  EventStore store = world.open();
  append_some(store, 6, 8);
}

TEST_CASE("a body that was altered behind our back is found before it is sent, given up alone, and said", "[R26]") {
  EventWorld world;
  TestServer server(world.box);
  fill(world, 50);
  {
    auto database = platform::Database::open(world.settings.folder / "events.db");
    REQUIRE(database->execute(
        "UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '\"rule\":\"25\"', '\"rule\":\"99\"') AS BLOB)"
        " WHERE seq_to = 26"));
  }
  {
    EventStore store = world.open();  // the stop was clean, so nothing was gone through
    auto next = store.next_batch(10, 1 << 20);
    while (next && !next->batch.entries.empty()) {
      REQUIRE(server.take(next->batch));
      REQUIRE(store.acknowledge(server.receipt(next->batch), as_bytes("r")));
      next = store.next_batch(10, 1 << 20);
    }
    REQUIRE_FALSE(next);
    CHECK(next.error().code == ErrorCode::kDamaged);
  }
  EventStore store = world.open();
  CHECK(set_aside(world) == 0);
  append_some(store, 51, 53);
  const auto rules = send_all(store, server);
  CHECK(std::ranges::count(rules, "24") == 1);
  CHECK(std::ranges::count(rules, "25") + std::ranges::count(rules, "99") == 0);
  CHECK(rules.size() == 1 + 50 - 1 + 1 + 3);
  CHECK(std::ranges::count(rules, "damage") == 1);
  CHECK(store.status().queued == 0);
}

TEST_CASE("two bodies side by side that are not what was linked, or a link that is not, cost the book") {
  const char* change = GENERATE("UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '\"rule\"', '\"rulf\"') AS BLOB) WHERE seq_to IN (26, 27)",
                                "UPDATE entry SET link = zeroblob(32) WHERE seq_to = 26");
  EventWorld world;
  fill(world, 50);
  { REQUIRE(platform::Database::open(world.settings.folder / "events.db")->execute(change)); }
  fs::remove(world.settings.folder / "events.clean");
  EventStore store = world.open();
  CHECK(first_rule(store).starts_with("damage epoch="));
  CHECK(set_aside(world) == 1);
}

TEST_CASE("a row of the groups that a bit has turned costs no book") {
  const char* change = GENERATE("UPDATE told_group SET number = -number - 1", "UPDATE told_group SET id = x'00'", "UPDATE told_group SET number = 9223372036854775806");
  EventWorld world;
  {
    EventStore store = world.open();
    for (int i = 0; i < 3; ++i) REQUIRE(store.append(std::vector{event("a")}, random_array<16>()));
  }
  { REQUIRE(platform::Database::open(world.settings.folder / "events.db")->execute(change)); }
  const GroupId group = random_array<16>();
  for (int round = 0; round < 2; ++round) {
    EventStore store = world.open();
    const auto before = store.status().head.seq;
    REQUIRE(store.append(std::vector{event("b")}, group));
    CHECK(store.status().head.seq == before + (round == 0 ? 1 : 0));
  }
  CHECK(set_aside(world) == 0);
}

TEST_CASE("a sealed part that is gone or altered is found before it is sent") {
  for (const char* change :
       {"DELETE FROM sealed", "UPDATE sealed SET details = CAST(replace(CAST(details AS TEXT), 'A', 'B') AS BLOB)"}) {
    EventWorld world;
    const BoxKey lead = make_box_key(random_key());
    { REQUIRE(world.open().append(std::vector{sealed_event("a", lead.public_key)})); }
    {
      auto database = platform::Database::open(world.settings.folder / "events.db");
      REQUIRE(database->execute(change));
    }
    {
      EventStore store = world.open();
      CHECK_FALSE(store.is_damaged());
      CHECK(store.next_batch(10, 1 << 20).error().code == ErrorCode::kDamaged);
      CHECK(store.is_damaged());
    }
    CHECK(world.open().next_batch(10, 1 << 20));  // the next start finds it too, and gives it up
    CHECK(set_aside(world) == 0);
  }
}

TEST_CASE("entries that somebody added without the key are not continued") {
  EventWorld world;
  fill(world, 5);
  {
    // What a thief of the disk could do: links need no key, tags do.
    auto database = platform::Database::open(world.settings.folder / "events.db");
    auto query = database->prepare("SELECT head_link, id FROM epoch");
    REQUIRE(query->step());
    const sync::ChainHead head{6, *to_array<32>(query->blob(0))};
    query->reset();
    const Bytes body = sync::make_event_body(event("forged").body);
    const sync::ChainHead forged = sync::next_head(head, body);
    auto insert = database->prepare("INSERT INTO entry VALUES (1, 7, 7, ?, ?, ?, 0, 200, NULL)");
    REQUIRE(insert->bind(1, ByteView(body)).bind(2, ByteView(forged.link)).bind(3, ByteView(Hash{})).run());
    auto update = database->prepare("UPDATE epoch SET head_seq = 7, head_link = ?");
    REQUIRE(update->bind(1, ByteView(forged.link)).run());
  }
  EventStore store = world.open();
  CHECK(first_rule(store).starts_with("damage epoch="));
}

namespace {

// What a guard does with the book: appends, sends, and begins a new epoch when the server refuses one (a tag that was
// damaged cannot be told here any more). False: the book reported damage.
bool use_book(EventStore& store, TestServer& server) {
  if (!store.append(std::vector{event("after")})) return false;
  sync::EpochId refused{};
  for (;;) {
    const auto next = store.next_batch(50, 1 << 20);
    if (!next) return false;
    if (next->batch.entries.empty() || next->batch.epoch == refused) return true;
    if (server.take(next->batch)) {
      if (!store.acknowledge(server.receipt(next->batch), as_bytes("r"))) return false;
    } else {
      refused = next->batch.epoch;
      const sync::Receipt refusal{next->batch.school, next->batch.device, refused, {}, "n", 0, "chain"};
      if (!store.acknowledge(refusal, as_bytes("r")) || !store.append(std::vector{event("after")})) return false;
    }
  }
}

}  // namespace

TEST_CASE("pages zeroed, flipped or cut off anywhere: the book opens, works, and what it sends verifies") {
  EventWorld pristine;
  fill(pristine, 300);
  for (std::uint32_t round = 0; round < 30; ++round) {
    EventWorld world;
    world.box = pristine.box;
    world.settings.server_box = pristine.settings.server_box;
    copy_state(pristine, world);
    if (round % 4 != 3) fs::remove(world.settings.folder / "events.clean");
    const fs::path path = world.settings.folder / (round % 5 == 4 ? "events.db-wal" : "events.db");
    if (round % 5 != 4) fs::remove(world.settings.folder / "events.db-wal");  // it would mend the pages that it holds
    const std::uint64_t page = 4096ull * random_below(static_cast<std::uint32_t>(fs::file_size(path) / 4096));
    if (round % 3 == 0) overwrite(path, page, std::string(4096, '\0'));
    if (round % 3 == 1)
      overwrite(path, page + random_below(4096), std::string(1, static_cast<char>(random_below(256))));
    if (round % 3 == 2) fs::resize_file(path, page);
    bool is_sound = false;
    TestServer server(world.box);
    for (int attempt = 0; attempt < 2 && !is_sound; ++attempt) {  // opening anew once is enough
      EventStore store = world.open();
      is_sound = use_book(store, server);
    }
    CHECK(is_sound);
    const auto rules = server.rules();
    CHECK(std::count(rules.begin(), rules.end(), "after") >= 1);
  }
}

TEST_CASE("a table's column that has another name since its page was spoilt: the book is set aside, and a new one begins", "[R18]") {
  EventWorld world;
  fill(world, 5);
  const fs::path path = world.settings.folder / "events.db";
  const Bytes bytes = *platform::read_file(path, 1u << 20);
  const std::string text(bytes.begin(), bytes.end());
  const std::size_t place = text.find("bytes INTEGER NOT NULL");
  REQUIRE(place != std::string::npos);
  REQUIRE(fs::exists(world.settings.folder / "events.clean"));
  overwrite(path, place, "bytfs");
  EventStore store = world.open();
  CHECK_FALSE(fs::is_empty(world.settings.folder / "set-aside"));
  append_some(store, 6, 6);
}

TEST_CASE("an epoch that was prepared but never written leaves the old key in use") {
  EventWorld world;
  fill(world, 5);
  const RatchetFile file(world.settings.folder / "events.key");
  const auto states = file.read();
  REQUIRE(states.size() == 2);
  REQUIRE(file.prepare({random_array<16>(), {1, random_key()}, {}}, states[0].epoch));
  EventStore store = world.open();
  CHECK(store.status().epoch == states[0].epoch);
  append_some(store, 6, 6);
  REQUIRE(store.sync_key());
  for (const RatchetState& state : file.read()) CHECK(state.epoch == states[0].epoch);
}

TEST_CASE("after a sync no older key is left in its file") {
  TemporaryFolder folder;
  const RatchetFile file(folder / "key");
  RatchetState state{random_array<16>(), {1, random_key()}, {}};
  REQUIRE(file.sync(state));
  const Bytes old_key = to_bytes(state.next.key.view());
  sync::advance(state.next);
  REQUIRE(file.sync(state));
  const auto bytes = platform::read_file(folder / "key", 10'000);
  REQUIRE(bytes);
  CHECK(std::search(bytes->begin(), bytes->end(), old_key.begin(), old_key.end()) == bytes->end());
  REQUIRE(file.read().size() == 2);
  CHECK(file.read()[0].next.seq == 2);
}

TEST_CASE("a bit that turns in an entry's mark stops nothing that comes after it", "[R18]") {
  EventWorld world;
  TestServer server(world.box);
  fill(world, 20);
  // Acknowledged by nobody (0), carried (-5), acknowledged (5): none of it is true of an entry that waits in the newest epoch.
  const int mark = GENERATE(0, -5, 5);
  const int seq = GENERATE(12, 21);
  {
    auto book = platform::Database::open(world.settings.folder / "events.db");
    REQUIRE(book);
    REQUIRE(book->execute(("UPDATE entry SET acknowledged = " + std::to_string(mark) + " WHERE seq_to = " + std::to_string(seq)).c_str()));
  }
  fs::remove(world.settings.folder / "events.clean");
  EventStore store = world.open();
  const bool is_left = GENERATE(false, true);
  if (is_left) REQUIRE(store.begin_epoch("rollback"));
  const auto rules = send_all(store, server);
  const auto count = std::count_if(rules.begin(), rules.end(), [](const std::string& rule) { return !rule.starts_with("rollback"); });
  CHECK(count >= 20);
  CHECK(rules.size() >= (is_left ? 21 : 20));
}
