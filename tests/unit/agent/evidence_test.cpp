// `caretaker evidence export`, without its server: what is packed has been checked as the police's script checks it.
#include "agent/cli/evidence.h"

#include <catch2/catch.hpp>

#include "agent/cli/evidence_holds.h"
#include "sync/batch.h"
#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::agent;
using sync::PayloadType;
using sync::test::envelope_of;

namespace {

// A book of six records in three batches, as a server hands it out.
struct Case {
  sync::test::TestSchool people;
  School school{{}, "Test School", people.root.school, people.verified()};
  SigningKey device = sync::test::new_key();
  std::vector<sync::SealedDetails> sealed;
  std::vector<sync::ChainHead> heads;
  std::vector<sync::ChainEntry> entries;
  BookParts book;

  Case() {
    book.device = hash(device.public_key);
    book.epoch = random_array<16>();
    book.to = 6;
    const sync::DeviceCertificate certificate{school.id, book.device, device.public_key, {"uuid", "serial"}, 1'000};
    book.certificate = envelope_of(PayloadType::kCertificate, sync::make_certificate_payload(certificate), {&people.server});
    heads = {sync::first_head(school.id, book.device, book.epoch)};
    for (int i = 0; i < 6; ++i) add_record("site" + std::to_string(i) + ".example");
    for (const std::uint64_t from : {1, 3, 5}) add_batch(from, from + 1);
  }

  void add_record(const std::string& name) {
    const BoxPublicKey& reader = people.safeguarding_box.public_key;
    auto sealing = sync::seal_details({{{"name", name}}}, {{sync::key_id(reader), reader}});
    const sync::EventBody body{"web.blocked", 1'000, sync::Severity::kMedium, "web.category", 1, sealing.hash, sealing.commitment};
    const std::uint64_t seq = heads.back().seq + 1;
    entries.push_back({seq, seq, sync::make_event_body(body), {}, {}, {}});
    heads.push_back(sync::next_head(heads.back(), entries.back().body));
    sealed.push_back(std::move(sealing.sealed));
  }
  [[nodiscard]] sync::Batch batch(std::uint64_t from, std::uint64_t to) const {
    sync::Batch out{school.id, book.device, book.epoch, from, to, heads[from - 1].link, heads[to].link, Json::Object{{"nonce", "n"}}, {}, {}};
    for (std::uint64_t seq = from; seq <= to; ++seq) out.entries.push_back(entries[seq - 1]);
    if (from == 1) out.epoch_start = sync::EpochStart{box_seal(people.server_box.public_key, random_key().view()), {}, {}, "enrolment"};
    return out;
  }
  [[nodiscard]] Bytes signed_batch(const sync::Batch& batch) const { return envelope_of(PayloadType::kBatch, sync::make_batch_payload(batch), {&device}); }
  [[nodiscard]] Bytes receipt(std::uint64_t seq, const SigningKey& key) const {
    const sync::Receipt receipt{school.id, book.device, book.epoch, heads[seq], "n", 2'000, ""};
    return envelope_of(PayloadType::kReceipt, sync::make_receipt_payload(receipt), {&key});
  }
  void add_batch(std::uint64_t from, std::uint64_t to) {
    book.batches.push_back(signed_batch(batch(from, to)));
    book.receipts.push_back(receipt(to, people.server));
  }
  [[nodiscard]] Result<std::map<std::uint64_t, Bytes>> checked() const { return check_book(book, school, {people.root_envelope()}); }
  [[nodiscard]] std::string refusal() const {
    const auto result = checked();
    return result ? "taken" : result.error().message;
  }
};

}  // namespace

TEST_CASE("3,9 are two records and 3-9 are seven, in whatever order somebody writes them", "[R26]") {
  const auto read = [](const std::string& text) { return parse_records(text, 1'000).value_or({}); };
  CHECK(read("3,9") == RecordRanges{{3, 3}, {9, 9}});
  CHECK(read("3-9") == RecordRanges{{3, 9}});
  CHECK(read("9,3") == read("3,9"));
  CHECK(read("7-9,4") == RecordRanges{{4, 4}, {7, 9}});
  CHECK(read("3,3,3-3") == RecordRanges{{3, 3}});  // said twice, and meant once
  CHECK(read("3-5,6-8,4-7") == RecordRanges{{3, 8}});
  CHECK(count_of(read("3-5,9")) == 4);
  CHECK(words_of(read("9,3-5")) == "3-5, 9");
  CHECK(holds(read("3-5,9"), {4, 5}));
  CHECK_FALSE(holds(read("3-5,9"), {5, 9}));
}

TEST_CASE("what is no list of records is refused, and a huge range is not counted out", "[R26]") {
  for (const char* wrong : {"", "0", "-", "3-", "-3", "a", "3,", ",3", "3,,9", "9-7", "1-2-3", " 3", "3, 9", "3;9", "2147483648", "99999999999999999999"}) {
    const auto read = parse_records(wrong, 10);
    CHECK(read.error().code == ErrorCode::kInvalidInput);
  }
  CHECK(Catch::Contains("\"9-7\" runs backwards").match(parse_records("3,9-7", 10).error().message));
  CHECK(Catch::Contains("\"x\" is no number").match(parse_records("3,x,5", 10).error().message));
  CHECK(parse_records("1-11", 10).error().code == ErrorCode::kTooLarge);
  CHECK(parse_records("1-10", 10));
  CHECK(parse_records("1-6,4-10", 10));  // ten, whatever is said twice
  CHECK(*parse_records("1-2147483647", 0x7fff'ffff) == RecordRanges{{1, 0x7fff'ffff}});
  std::string many, digits(1u << 20, '1');
  for (int i = 0; i < 65; ++i) many += (i == 0 ? "" : ",") + std::to_string(2 * i + 1);
  CHECK(parse_records(many, 1'000).error().code == ErrorCode::kTooLarge);
  CHECK(parse_records(digits, 1'000).error().code == ErrorCode::kTooLarge);
}

TEST_CASE("a book whose batches join on to each other is packed, in part too", "[R26]") {
  Case room;
  REQUIRE(room.refusal() == "taken");
  CHECK(room.checked()->size() == 6);
  room.book.batches.erase(room.book.batches.begin());
  room.book.receipts.erase(room.book.receipts.begin());
  CHECK(room.refusal() == "the server has no record 1");
  room.book.from = 3;
  CHECK(room.refusal() == "taken");
}

TEST_CASE("a batch that was sent again from further back joins on as well", "[R26]") {
  Case room;
  room.book.batches[2] = room.signed_batch(room.batch(2, 6));
  CHECK(room.refusal() == "taken");
  room.book.batches.erase(room.book.batches.begin());
  room.book.receipts.erase(room.book.receipts.begin());
  room.book.from = 4;
  CHECK(room.refusal() == "taken");
}

TEST_CASE("what the police would refuse does not leave the school", "[R26]") {
  Case room;
  const auto contains = [&](const char* text) { return Catch::Contains(text).match(room.refusal()); };
  SECTION("a batch is missing") {
    room.book.batches.erase(room.book.batches.begin() + 1);
    CHECK(contains("records before number 5 are missing"));
  }
  SECTION("a batch was edited by whoever has the device's key, and does not fit") {
    room.entries[2].body = room.entries[1].body;
    room.book.batches[1] = room.signed_batch(room.batch(3, 4));
    CHECK(contains("the chain does not hold at record 4"));
  }
  SECTION("another device's batch") {
    Case other;
    room.book.batches[1] = other.book.batches[1];
    CHECK(contains("E6"));
  }
  SECTION("another device's certificate") {
    room.book.certificate = Case().book.certificate;
    CHECK(contains("E6"));
  }
  SECTION("a receipt by somebody else") {
    room.book.receipts[0] = room.receipt(2, room.people.safeguarding);
    CHECK(contains("E6"));
  }
  SECTION("a receipt for another chain") {
    std::swap(room.heads[2], room.heads[3]);
    room.heads[2].seq = 2;
    room.book.receipts[0] = room.receipt(2, room.people.server);
    CHECK(contains("not for this book"));
  }
  SECTION("another school's root") {
    const sync::test::TestSchool other;
    CHECK(Catch::Contains("T6").match(check_book(room.book, room.school, {other.root_envelope()}).error().message));
  }
}

TEST_CASE("what the quota dropped is accounted for by its stub", "[R26]") {
  Case room;
  sync::Batch last = room.batch(5, 6);
  last.entries = {{5, 6, {}, room.heads[6].link, {}, {}}};
  room.book.batches[2] = room.signed_batch(last);
  REQUIRE(room.refusal() == "taken");
  CHECK(room.checked()->size() == 4);
  const auto bodies = *room.checked();
  CHECK(open_record(5, bodies, sync::sealed_json(room.sealed[4]), room.people.safeguarding_box).error().code == ErrorCode::kNotFound);
}

TEST_CASE("a record is opened by its reader alone, and gives its own key and no other", "[R26]") {
  Case room;
  const auto bodies = *room.checked();
  const BoxKey& lead = room.people.safeguarding_box;
  const auto opened = open_record(2, bodies, sync::sealed_json(room.sealed[1]), lead);
  REQUIRE(opened);
  const SecretKey key(*to_array<32>(*parse_hex(*(*opened)["key"].as_string())));
  const auto context = as_bytes("caretaker details v1");
  CHECK(decrypt(key, room.sealed[1].ciphertext, context));
  for (const std::size_t other : {0u, 2u, 3u}) CHECK_FALSE(decrypt(key, room.sealed[other].ciphertext, context));
  CHECK(Catch::Contains("V4").match(open_record(3, bodies, sync::sealed_json(room.sealed[1]), lead).error().message));
  CHECK(Catch::Contains("V3").match(open_record(2, bodies, sync::sealed_json(room.sealed[1]), make_box_key(random_key())).error().message));
  CHECK(Catch::Contains("gone").match(open_record(2, bodies, Json(), lead).error().message));
  CHECK(open_record(9, bodies, sync::sealed_json(room.sealed[1]), lead).error().code == ErrorCode::kNotFound);
}

TEST_CASE("the file is signed by whoever hands it out", "[R26]") {
  Case room;
  const Bytes file = make_evidence({room.school.id, 3'000, "lead", "case 12"}, {room.people.root_envelope()}, {room.book, room.book}, room.people.safeguarding);
  const auto opened = sync::open_envelope(file, PayloadType::kEvidence, sync::role_ring(room.people.root, sync::Role::kSafeguarding));
  REQUIRE(opened);
  const Json value = *parse_json(as_text(opened->payload));
  CHECK(*value["reason"].as_string() == "case 12");
  CHECK(value["books"].as_array()->size() == 2);
  CHECK(value["books"].as_array()->front()["batches"].as_array()->size() == 3);
}

TEST_CASE("holds are shown with who made and who lifted them", "[R26]") {
  Json::Object hold{{"hold", 1}, {"device", "ab"}, {"label", "laptop-1"}, {"epoch", std::string(32, 'e')}, {"from", 3}, {"to", 5}, {"made", 1'000}, {"by", "lead"},
                    {"reason", "asked\x1b[2J"}, {"lifted", 0}, {"lifted_by", ""}, {"lifted_why", ""}};
  const auto shown = [&] { return *show_holds(Json(Json::Object{{"holds", Json::Array{Json(hold)}}})); };
  CHECK(Catch::Contains("3-5 of eeeeeeee").match(shown()));
  CHECK(Catch::Contains("in force").match(shown()));
  CHECK(shown().find('\x1b') == std::string::npos);
  hold["epoch"] = "";
  hold["lifted"] = 2'000;
  hold["lifted_by"] = "deputy lead";
  hold["lifted_why"] = "closed";
  CHECK(Catch::Contains("by deputy lead: closed").match(shown()));
  CHECK(Catch::Contains("Nothing is held").match(*show_holds(Json(Json::Object{{"holds", Json::Array{}}}))));
}
