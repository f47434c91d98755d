#include "sync/server/ingest.h"

#include "tests/unit/server/test_device.h"

using namespace caretaker;
using namespace caretaker::test;
using server::ingest;

namespace {

Result<sync::CheckinAnswer> send(TestSchool& school, const sync::CheckinRequest& request) {
  return ingest(school.store, school.state, sync::make_checkin_request(request), kNow);
}
sync::CheckinAnswer send(TestSchool& school, const TestDevice& device, const sync::Batch& batch) {
  return must(send(school, device.request(batch)));
}

std::vector<server::EventRow> rows(TestSchool& school) { return must(school.store.events(0, std::nullopt, 500)); }

sync::Receipt receipt_of(const TestSchool& school, const TestDevice& device, const sync::CheckinAnswer& answer) {
  return must(sync::open_receipt({answer.receipt}, school.state.root(), device.id()));
}

std::string problem_of(TestSchool& school, const TestDevice& device) {
  return must(school.store.device(device.id())).value().problem;
}

// The server's database as it was, put back over the present one.
struct Backup {
  explicit Backup(TestSchool& of) : school(of) { copy(school.folder.path() / "fleet.db", school.folder.path() / "old.db"); }
  void restore() {
    auto elsewhere = must(server::FleetStore::open(school.folder.path() / "unused.db"));
    std::swap(school.store, elsewhere);
    { auto closed = std::move(elsewhere); }
    std::filesystem::remove(school.folder.path() / "fleet.db-wal");
    std::filesystem::copy_file(school.folder.path() / "old.db", school.folder.path() / "fleet.db", std::filesystem::copy_options::overwrite_existing);
    if (std::filesystem::exists(school.folder.path() / "old.db-wal")) {
      std::filesystem::copy_file(school.folder.path() / "old.db-wal", school.folder.path() / "fleet.db-wal");
    }
    school.store = must(server::FleetStore::open(school.folder.path() / "fleet.db"));
  }
  static void copy(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::filesystem::copy_file(from, to);
    if (std::filesystem::exists(from.string() + "-wal")) std::filesystem::copy_file(from.string() + "-wal", to.string() + "-wal");
  }
  TestSchool& school;
};

}  // namespace

TEST_CASE("a check-in is stored, confirmed and readable by the safeguarding lead alone", "[R18][R19]") {
  TestSchool school;
  TestDevice device(school);
  device.record("bad.example");
  device.record("worse.example");
  const auto batch = device.batch();
  const auto answer = send(school, device, batch);
  CHECK(answer.problem.empty());
  CHECK(answer.more);
  const auto receipt = receipt_of(school, device, answer);
  CHECK(receipt.head == device.heads[2]);
  CHECK(receipt.epoch == device.epoch);
  CHECK(receipt.nonce == *batch.state["nonce"].as_string());

  const auto stored = rows(school);
  REQUIRE(stored.size() == 2);
  CHECK(stored[1].body == device.entries[1].body);
  const auto sealed = must(sync::parse_sealed_json(stored[1].sealed));
  const auto body = must(sync::parse_event_body(stored[1].body));
  CHECK(must(sync::open_details(sealed, body, school.people.lead.box)).fields.at("name") == "worse.example");
  CHECK_FALSE(sync::open_details(sealed, body, school.people.technician.box));
  CHECK_FALSE(sync::open_details(sealed, body, school.keys.box));
}

TEST_CASE("a check-in without events proves that the server is alive") {
  TestSchool school;
  TestDevice device(school);
  const auto answer = send(school, device, device.batch());
  CHECK(receipt_of(school, device, answer).head.seq == 0);
  CHECK_FALSE(answer.more);
  CHECK(must(school.store.device(device.id())).value().last_seen == kNow);
}

TEST_CASE("the same check-in twice is stored once and confirmed twice") {
  TestSchool school;
  TestDevice device(school);
  device.record(5);
  const auto request = device.request(device.batch());
  must(send(school, request));
  const auto again = must(send(school, request));
  CHECK(rows(school).size() == 5);
  CHECK(again.problem.empty());
  CHECK(receipt_of(school, device, again).head == device.heads[5]);
}

TEST_CASE("a retry that overlaps adds only its new part") {
  TestSchool school;
  TestDevice device(school);
  device.record(5);
  send(school, device, device.batch(1, 3));
  const auto answer = send(school, device, device.batch(2, 5));
  CHECK(answer.problem.empty());
  CHECK(receipt_of(school, device, answer).head == device.heads[5]);
  CHECK(rows(school).size() == 5);
}

TEST_CASE("an old batch that comes late changes nothing") {
  TestSchool school;
  TestDevice device(school);
  device.record(6);
  send(school, device, device.batch(1, 6));
  const auto answer = send(school, device, device.batch(2, 4));
  CHECK(answer.problem.empty());
  CHECK(receipt_of(school, device, answer).head == device.heads[6]);
  CHECK(rows(school).size() == 6);
}

TEST_CASE("batches out of order: the later one is told where the server stands") {
  TestSchool school;
  TestDevice device(school);
  device.record(6);
  send(school, device, device.batch(1, 2));
  const auto early = send(school, device, device.batch(5, 6));
  CHECK(early.problem == "gap");
  CHECK(early.receipt.empty());
  CHECK(early.expected == device.heads[2]);
  CHECK(rows(school).size() == 2);
  CHECK(send(school, device, device.batch(3, 6)).problem.empty());
  CHECK(rows(school).size() == 6);
}

TEST_CASE("a forged signature writes nothing at all") {
  TestSchool school;
  TestDevice device(school), other(school, {"uuid-2", "serial-2"});
  device.record(1);
  auto request = device.request(device.batch());
  SECTION("by another device") {
    request.batch = TestSchool::envelope(sync::PayloadType::kBatch, sync::make_batch_payload(device.batch()), {&other.key});
  }
  SECTION("with another device's certificate") { request.certificate = other.certificate; }
  SECTION("with a certificate that a technician signed") {
    const sync::DeviceCertificate made{school.state.id(), device.id(), device.key.public_key, {}, kNow};
    request.certificate = TestSchool::envelope(sync::PayloadType::kCertificate, sync::make_certificate_payload(made), {&school.people.technician.signing});
  }
  SECTION("with a receipt in place of a certificate") { request.certificate = send(school, other, other.batch()).receipt; }
  SECTION("one bit of the batch changed") { request.batch[request.batch.size() / 2] ^= 1; }
  const auto before = must(school.store.device(device.id())).value();
  CHECK_FALSE(send(school, request));
  CHECK(rows(school).empty());
  CHECK(must(school.store.device(device.id())).value().last_seen == before.last_seen);
}

TEST_CASE("another school's device is nobody here") {
  TestSchool school, other;
  TestDevice stranger(other);
  stranger.record(1);
  auto answer = send(school, stranger.request(stranger.batch()));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::kUnauthentic);
  CHECK(must(school.store.devices()).empty());
}

TEST_CASE("a batch that names another school or device than its certificate is refused") {
  TestSchool school;
  TestDevice device(school);
  device.record(1);
  auto batch = device.batch();
  SECTION("school") { batch.school[0] ^= 1; }
  SECTION("device") { batch.device[0] ^= 1; }
  CHECK_FALSE(send(school, device.request(batch)));
  CHECK(rows(school).empty());
}

TEST_CASE("what was rewritten after the ratchet moved on does not verify, and is kept for inspection") {
  TestSchool school;
  TestDevice device(school);
  device.record(4);
  auto batch = device.batch();
  const auto rebuild_links = [&batch, &device] {
    sync::ChainHead at = device.heads[0];
    for (const auto& entry : batch.entries) at = entry.is_stub() ? sync::ChainHead{entry.to, entry.link} : sync::next_head(at, entry.body);
    batch.head = at.link;
  };
  SECTION("an event's body is altered") {
    batch.entries[1].body = sync::make_event_body({"web.blocked", kNow, sync::Severity::kInfo, "harmless", 1, {}, {}});
    rebuild_links();
  }
  SECTION("events change places") {
    std::swap(batch.entries[1].body, batch.entries[2].body);
    std::swap(batch.entries[1].tag, batch.entries[2].tag);
    rebuild_links();
  }
  SECTION("a tag is made up") { batch.entries[3].tag[0] ^= 1; }
  SECTION("the head is not what the entries lead to") { batch.head[0] ^= 1; }
  SECTION("an event becomes a stub without its key") {
    batch.entries[1] = {2, 2, {}, device.heads[2].link, Hash{}};
  }
  const auto answer = send(school, device, batch);
  CHECK(answer.problem == "chain");
  CHECK(receipt_of(school, device, answer).problem == "chain");
  CHECK(rows(school).empty());
  CHECK(problem_of(school, device) == "chain");
  CHECK(must(school.store.book(device.id())).quarantined == 1);
  CHECK(send(school, device, device.batch()).problem.empty());
}

TEST_CASE("cutting off the end of what was already sent is a fork, not news") {
  TestSchool school;
  TestDevice device(school);
  device.record(3);
  send(school, device, device.batch());
  // The same epoch written differently from event 3 on, as after a disk was put back and used again.
  auto batch = device.batch();
  batch.entries[2].body = sync::make_event_body({"web.blocked", kNow, sync::Severity::kInfo, "other", 1, {}, {}});
  batch.head = sync::next_head(device.heads[2], batch.entries[2].body).link;
  must(school.store.add_policy(1, school.policy(1), kNow));
  const auto answer = send(school, device, batch);
  CHECK(answer.problem == "fork");
  CHECK(receipt_of(school, device, answer).head == device.heads[2]);  // so far they agree
  CHECK_FALSE(answer.policy.empty());
  CHECK(rows(school).size() == 3);
  CHECK(problem_of(school, device) == "fork");
}

TEST_CASE("an empty batch from a book that was put back is a fork when its link is not ours") {
  TestSchool school;
  TestDevice device(school);
  device.record(3);
  send(school, device, device.batch());
  auto batch = device.batch(3, 2);
  CHECK(send(school, device, batch).problem.empty());
  batch.prev[0] ^= 1;
  batch.head = batch.prev;
  CHECK(send(school, device, batch).problem == "fork");
}

TEST_CASE("a stub stands for what the quota dropped, also when some of it had come already") {
  TestSchool school;
  TestDevice device(school);
  device.record(6);
  SECTION("nothing of it had come") {
    device.drop_last(4);
    device.record(1);
    const auto answer = send(school, device, device.batch());
    CHECK(receipt_of(school, device, answer).head == device.heads[7]);
    const auto stored = rows(school);
    REQUIRE(stored.size() == 4);
    CHECK(stored[2].body.empty());
    CHECK(stored[2].from == 3);
    CHECK(stored[2].to == 6);
  }
  SECTION("the first of it had come") {
    send(school, device, device.batch(1, 4));
    device.drop_last(4);
    device.record(1);
    const auto answer = send(school, device, device.batch());
    CHECK(answer.problem.empty());
    CHECK(receipt_of(school, device, answer).head == device.heads[7]);
    const auto stored = rows(school);
    REQUIRE(stored.size() == 6);
    CHECK(stored[4].from == 5);
    CHECK(stored[4].to == 6);
  }
}

TEST_CASE("a missing or exchanged sealed part refuses the batch, so that the device keeps it") {
  TestSchool school;
  TestDevice device(school);
  device.record(2);
  auto request = device.request(device.batch());
  SECTION("missing") { request.sealed.erase(2); }
  SECTION("exchanged") { std::swap(request.sealed.at(1), request.sealed.at(2)); }
  SECTION("with a spoiled key") { request.sealed.at(2).keys.at(0).wrapped.at(40) ^= 1; }
  SECTION("with no keys") { request.sealed.at(1).keys.clear(); }
  auto answer = send(school, request);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::kInvalidInput);
  CHECK(rows(school).empty());
  CHECK_FALSE(must(school.store.epoch(device.id(), device.epoch)));
}

TEST_CASE("an event whose sealed part the guard no longer has is taken alone", "[R19]") {
  TestSchool school;
  TestDevice device(school);
  device.record(2);
  device.sealed.erase(1);
  device.entries[0].sealed.reset();
  CHECK(send(school, device, device.batch()).problem.empty());
  const auto stored = rows(school);
  REQUIRE(stored.size() == 2);
  CHECK(stored[0].sealed.empty());
  CHECK_FALSE(stored[1].sealed.empty());
}

TEST_CASE("a new epoch is linked to the one before, and what it lost is a hole") {
  TestSchool school;
  TestDevice device(school);
  device.record(5);
  send(school, device, device.batch(1, 3));
  device.begin_epoch("damage");
  device.record(1);
  CHECK_FALSE(send(school, device, device.batch()).receipt.empty());
  CHECK(must(school.store.book(device.id())).holes == 1);
  CHECK(must(school.store.book(device.id())).epoch == device.epoch);
}

TEST_CASE("a server restored from before an epoch's end says where it stands there, and takes the rest once") {
  TestSchool school;
  TestDevice device(school);
  device.record(6);
  send(school, device, device.batch(1, 3));
  const TestDevice earlier = device;
  device.begin_epoch("rollback");
  device.record(1);
  for (int i = 0; i < 2; ++i) {  // the first answer may be lost
    const auto answer = send(school, device, device.batch());
    CHECK(answer.problem.empty());
    CHECK(answer.missing == std::vector<sync::EpochPlace>{{earlier.epoch, earlier.heads[3]}});
    CHECK(receipt_of(school, device, answer).head == device.heads[1]);
  }
  CHECK(must(school.store.book(device.id())).holes == 1);
  send(school, earlier, earlier.batch(4, 5));
  CHECK(must(school.store.book(device.id())).holes == 1);
  for (int i = 0; i < 2; ++i) send(school, earlier, earlier.batch(4, 6));
  CHECK(must(school.store.book(device.id())).holes == 0);
  CHECK(rows(school).size() == 7);
  CHECK(send(school, device, device.batch()).missing.empty());
}

TEST_CASE("a server asks for the end of an earlier epoch until it has it, whatever it is sent meanwhile") {
  TestSchool school;
  TestDevice device(school);
  device.record(3);
  send(school, device, device.batch(1, 2));
  const TestDevice earlier = device;
  device.begin_epoch("rollback");
  device.record(4);
  send(school, device, device.batch(1, 1));
  const std::vector<sync::EpochPlace> wanted{{earlier.epoch, earlier.heads[2]}};
  CHECK(send(school, device, device.batch(2, 3)).missing == wanted);
  CHECK(send(school, device, device.batch(4, 4)).missing == wanted);
  CHECK(send(school, earlier, earlier.batch(3, 3)).missing.empty());
}

TEST_CASE("a server restored from before an epoch is sent all of it") {
  TestSchool school;
  TestDevice device(school);
  device.record(2);
  const TestDevice earlier = device;
  device.begin_epoch("rollback");
  device.record(1);
  CHECK(send(school, device, device.batch()).missing == std::vector<sync::EpochPlace>{{earlier.epoch, earlier.heads[0]}});
  send(school, earlier, earlier.batch());
  CHECK(must(school.store.book(device.id())).holes == 0);
  CHECK(rows(school).size() == 3);
}

TEST_CASE("an epoch that the server does not know must be sent from its beginning") {
  TestSchool school;
  TestDevice device(school);
  device.record(3);
  const auto answer = send(school, device, device.batch(2, 3));
  CHECK(answer.problem == "unknown-epoch");
  CHECK(answer.expected == device.heads[0]);
  CHECK(rows(school).empty());
  CHECK(send(school, device, device.batch(1, 3)).problem.empty());
}

TEST_CASE("an epoch whose key was sealed to another server is refused") {
  TestSchool school;
  TestDevice device(school);
  device.record(1);
  auto batch = device.batch();
  batch.epoch_start->sealed_key = box_seal(make_box_key(random_key()).public_key, random_key().view());
  CHECK_FALSE(send(school, device.request(batch)));
  CHECK(rows(school).empty());
}

TEST_CASE("a restored server takes again what the device still has") {
  TestSchool school;
  TestDevice device(school);
  device.record(8);
  send(school, device, device.batch(1, 3));
  Backup backup(school);
  device.last_receipt = send(school, device, device.batch(4, 6)).receipt;
  backup.restore();
  const auto answer = send(school, device, device.batch(7, 8));
  CHECK(answer.problem == "gap");
  CHECK(answer.expected == device.heads[3]);
  SECTION("everything") {
    CHECK(send(school, device, device.batch(4, 8)).problem.empty());
    CHECK(rows(school).size() == 8);
    CHECK(must(school.store.book(device.id())).holes == 0);
  }
  SECTION("the answer was lost: the question is asked again") {
    CHECK(send(school, device, device.batch(7, 8)).expected == device.heads[3]);
    CHECK(rows(school).size() == 3);
  }
  const auto no_earlier = [&device](std::uint64_t from) {
    auto batch = device.batch(from, 8);
    batch.epoch_start = device.start;
    return batch;
  };
  SECTION("not everything: the hole is the server's") {
    const auto taken = send(school, device, no_earlier(6));
    CHECK(taken.problem.empty());
    CHECK(receipt_of(school, device, taken).head == device.heads[8]);
    CHECK(rows(school).size() == 6);
    CHECK(must(school.store.book(device.id())).holes == 1);
  }
  SECTION("more than the receipt covers is missing: not believed") {
    CHECK(send(school, device, no_earlier(8)).problem == "gap");
    CHECK(rows(school).size() == 3);
  }
  SECTION("the receipt is another server's") {
    const auto other = make_signing_key(random_key());
    const auto receipt = sync::Receipt{school.state.id(), device.id(), device.epoch, device.heads[6], "", kNow};
    device.last_receipt = TestSchool::envelope(sync::PayloadType::kReceipt, sync::make_receipt_payload(receipt), {&other});
    CHECK(send(school, device, no_earlier(7)).problem == "gap");
  }
  SECTION("the batch contradicts the receipt") {
    auto batch = no_earlier(7);
    batch.prev[0] ^= 1;
    CHECK(send(school, device, batch).problem == "fork");
  }
}

TEST_CASE("a server restored from before an epoch opens it again with what the device still has") {
  TestSchool school;
  TestDevice device(school);
  Backup backup(school);
  device.record(6);
  device.last_receipt = send(school, device, device.batch(1, 4)).receipt;
  backup.restore();
  CHECK(send(school, device, device.batch(5, 6)).problem == "unknown-epoch");
  auto batch = device.batch(3, 6);
  batch.epoch_start = device.start;
  SECTION("with a receipt") {
    CHECK(send(school, device, batch).problem.empty());
    CHECK(rows(school).size() == 4);
    CHECK(must(school.store.book(device.id())).holes == 1);
    device.record(1);
    CHECK(send(school, device, device.batch(7, 7)).problem.empty());
  }
  SECTION("without one") {
    device.last_receipt.clear();
    CHECK(send(school, device, batch).problem == "gap");
    CHECK_FALSE(must(school.store.epoch(device.id(), device.epoch)));
  }
}

TEST_CASE("a server restored from before a device's enrolment knows it by its certificate") {
  TestSchool school;
  Backup backup(school);
  TestDevice device(school);
  device.record(2);
  backup.restore();
  CHECK(send(school, device, device.batch()).problem.empty());
  CHECK(rows(school).size() == 2);
}

TEST_CASE("hardware other than the certificate's is a copied disk: told, served, never more") {
  TestSchool school;
  TestDevice device(school);
  device.record(1);
  auto batch = device.batch();
  batch.state = Json::Object{{"nonce", "n"}, {"hardware", Json::Object{{"dmi_uuid", "another"}, {"board_serial", "serial-1"}}}};
  const auto answer = send(school, device, batch);
  CHECK(answer.problem == "clone");
  CHECK_FALSE(answer.receipt.empty());
}

TEST_CASE("newer signed material comes down, and only newer") {
  TestSchool school;
  TestDevice device(school);
  must(school.store.add_policy(3, school.policy(3), kNow));
  auto next = school.root_one();
  next.version = 2;
  next.school = school.state.id();
  const auto root_two = school.signed_root(next);
  must(school.state.publish_next(school.store, {root_two}, kNow));
  auto answer = send(school, device, device.batch());
  CHECK(answer.policy == school.policy(3));
  CHECK(answer.roots == std::vector<Bytes>{root_two});
  auto batch = device.batch();
  batch.state = Json::Object{{"nonce", "n"}, {"root", 2}, {"policy", 3}, {"lists", 0}};
  answer = send(school, device, batch);
  CHECK(answer.policy.empty());
  CHECK(answer.roots.empty());
  batch.state = Json::Object{{"nonce", "n"}, {"root", -5}, {"policy", "three"}};
  CHECK(send(school, device, batch).roots.size() == 2);
}

TEST_CASE("rubbish is refused with a reason") {
  TestSchool school;
  for (const std::string_view text : {"", "{", "[]", "null", R"({"v":1})", R"({"v":1,"certificate":"","batch":"","sealed":{}})"}) {
    auto answer = ingest(school.store, school.state, as_bytes(text), kNow);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code != ErrorCode::kInternal);
  }
}

TEST_CASE("the quarantine of one device does not grow without end") {
  TestSchool school;
  TestDevice device(school);
  device.record(1);
  for (int i = 0; i < 30; ++i) {
    auto batch = device.batch();
    batch.entries[0].tag[0] ^= 1;
    CHECK(send(school, device, batch).problem == "chain");
  }
  CHECK(must(school.store.book(device.id())).quarantined == 20);
}
