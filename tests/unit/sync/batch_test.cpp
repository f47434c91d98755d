#include "sync/batch.h"

#include <catch2/catch.hpp>

#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using namespace caretaker::sync::test;

namespace {

// A device of the school with a batch of three events and a stub.
struct Device {
  TestSchool school;
  SigningKey key = new_key();
  DeviceCertificate certificate{school.root.school, hash(key.public_key), key.public_key, {"uuid", "serial"}, 5};
  Batch batch;

  Device() {
    batch.school = school.root.school;
    batch.device = certificate.device;
    batch.epoch = EpochId{7};
    batch.seq_from = 1;
    batch.seq_to = 6;
    batch.prev = first_head(batch.school, batch.device, batch.epoch).link;
    batch.head = Hash{9};
    batch.state = Json::Object{{"nonce", "00112233445566778899aabbccddeeff"}, {"policy", 3}};
    batch.entries = {{1, 1, to_bytes("{}"), {}, Hash{1}}, {2, 4, {}, Hash{2}, Hash{3}}, {5, 5, to_bytes("{\"a\":1}"), {}, Hash{4}},
                     {6, 6, to_bytes("x"), {}, Hash{5}}};
    batch.epoch_start = EpochStart{Bytes(80, 1), EpochId{6}, {12, Hash{8}}, "damage"};
  }
  Bytes payload() const { return make_batch_payload(batch); }
  std::string parsed() const { return verdict(parse_batch(payload())); }
  std::string changed(const std::string& member, Json value) const { return verdict(parse_batch(with(payload(), member, std::move(value)))); }
};

Json first_event(const Device& device) { return device.payload().empty() ? Json() : (*(*parse_json(as_text(device.payload())))["events"].as_array())[0]; }

}  // namespace

TEST_CASE("a batch comes back as it was made") {
  const Device device;
  const auto batch = parse_batch(device.payload());
  REQUIRE(batch);
  CHECK(make_batch_payload(*batch) == device.payload());
  CHECK(batch->entries.size() == 4);
  CHECK(batch->entries[1].is_stub());
  CHECK(batch->entries[1].from == 2);
  CHECK(batch->entries[1].to == 4);
  REQUIRE(batch->epoch_start);
  CHECK(batch->epoch_start->previous_head.seq == 12);
  CHECK(batch->epoch_start->reason == "damage");
}

TEST_CASE("an event travels as a CloudEvents 1.0 object with its body untouched") {
  const Device device;
  const Json event = first_event(device);
  for (const char* required : {"specversion", "id", "source", "type"}) CHECK(event[required].as_string() != nullptr);
  CHECK(*event["specversion"].as_string() == "1.0");
  CHECK(*event["data_base64"].as_string() == to_base64(as_bytes("{}")));
}

TEST_CASE("a batch whose entries are not what it says is refused") {
  Device device;
  SECTION("one left out") { device.batch.entries.erase(device.batch.entries.begin()); CHECK(device.parsed() == "H2"); }
  SECTION("swapped") { std::swap(device.batch.entries[2], device.batch.entries[3]); CHECK(device.parsed() == "H2"); }
  SECTION("doubled") { device.batch.entries.push_back(device.batch.entries.back()); CHECK(device.parsed() == "H2"); }
  SECTION("ends too early") { device.batch.seq_to = 7; CHECK(device.parsed() == "H2"); }
  SECTION("begins elsewhere") { device.batch.seq_from = 2; CHECK(device.parsed() == "H2"); }
  SECTION("empty, but with another head") {
    device.batch.entries.clear();
    device.batch.seq_to = 0;
    CHECK(device.parsed() == "H2");
    device.batch.head = device.batch.prev;
    CHECK(device.parsed() == "verified");
  }
}

TEST_CASE("a batch from seq 1 says how its epoch began, and others may") {
  Device device;
  device.batch.epoch_start.reset();
  CHECK(device.parsed() == "H3");
  Device later;
  later.batch.seq_from = 7;
  later.batch.seq_to = 6;
  later.batch.entries.clear();
  later.batch.head = later.batch.prev;
  CHECK(later.parsed() == "verified");
  later.batch.epoch_start.reset();
  CHECK(later.parsed() == "verified");
}

TEST_CASE("members of a batch of a wrong type, size or range are refused") {
  const Device device;
  CHECK(device.changed("v", 2) == "H1");
  CHECK(device.changed("school", "aa") == "H1");
  CHECK(device.changed("device", Json()) == "H1");
  CHECK(device.changed("epoch", std::string(31, '0')) == "H1");
  CHECK(device.changed("seq_from", 0) == "H1");
  CHECK(device.changed("seq_to", std::int64_t{1} << 40) == "H1");
  CHECK(device.changed("seq_to", -1) == "H1");
  CHECK(device.changed("prev", 1) == "H1");
  CHECK(device.changed("state", Json::Object{}) == "H1");
  CHECK(device.changed("state", Json::Object{{"nonce", std::string(65, 'a')}}) == "H1");
  CHECK(device.changed("events", Json::Object{}) == "H1");
  CHECK(device.changed("events", Json::Array(1001, first_event(device))) == "H1");
  CHECK(device.changed("epoch_start", Json::Object{{"reason", "x"}, {"sealed_key", ""}}) == "H1");
  CHECK(device.changed("unknown", "is fine") == "verified");
}

TEST_CASE("members of an event of a wrong type, size or content are refused") {
  const Device device;
  const auto changed = [&](const std::string& key, Json value) {
    Json::Array events = *(*parse_json(as_text(device.payload())))["events"].as_array();
    events[0] = *parse_json(as_text(with(as_bytes(events[0].dump()), key, std::move(value))));
    return device.changed("events", std::move(events));
  };
  CHECK(changed("comment", "fine") == "verified");
  CHECK(changed("specversion", "0.3") == "H1");
  CHECK(changed("id", "another") == "H1");
  CHECK(changed("source", "urn:caretaker:device:00") == "H1");
  CHECK(changed("type", "caretaker.event.v2") == "H1");
  CHECK(changed("seq", 2) == "H1");
  CHECK(changed("seq", "1") == "H1");
  CHECK(changed("tag", "00") == "H1");
  CHECK(changed("data_base64", "") == "H1");
  CHECK(changed("data_base64", to_base64(Bytes(2049))) == "H1");
  CHECK(changed("data_base64", Json()) == "H1");
}

TEST_CASE("a batch opens with its device's certificate and no other") {
  const Device device;
  const Device other;
  const Bytes envelope = envelope_of(PayloadType::kBatch, device.payload(), {&device.key});
  CHECK(verdict(open_batch({envelope}, device.certificate)) == "verified");
  CHECK(verdict(open_batch({envelope}, other.certificate)) == "E6");
  // A certified device signs a batch in another device's name.
  const Bytes borrowed = envelope_of(PayloadType::kBatch, device.payload(), {&other.key});
  CHECK(verdict(open_batch({borrowed}, other.certificate)) == "H4");
}

TEST_CASE("a receipt opens for its own device, signed by the server") {
  const Device device;
  const VerifiedRoot root = device.school.verified();
  const Receipt receipt{device.batch.school, device.batch.device, device.batch.epoch, {6, Hash{9}}, "nonce", 77};
  const Bytes payload = make_receipt_payload(receipt);
  const auto opened = open_receipt({envelope_of(PayloadType::kReceipt, payload, {&device.school.server})}, root, device.batch.device);
  REQUIRE(opened);
  CHECK(make_receipt_payload(*opened) == payload);
  CHECK(verdict(open_receipt({envelope_of(PayloadType::kReceipt, payload, {&device.school.technician})}, root, device.batch.device)) == "E6");
  CHECK(verdict(open_receipt({envelope_of(PayloadType::kReceipt, payload, {&device.school.server})}, root, Hash{1})) == "H6");
  const Bytes elsewhere = with(payload, "school", to_hex(Hash{3}));
  CHECK(verdict(open_receipt({envelope_of(PayloadType::kReceipt, elsewhere, {&device.school.server})}, root, device.batch.device)) == "H6");
  CHECK(verdict(parse_receipt(with(payload, "head", Json::Object{{"seq", -1}, {"link", to_hex(Hash{})}}))) == "H5");
  CHECK(verdict(parse_receipt(with(payload, "time", Json()))) == "H5");
}

TEST_CASE("a certificate is for the key that it names, in this school, from the server") {
  Device device;
  const VerifiedRoot root = device.school.verified();
  const auto opened_as = [&](const SigningKey& signer) {
    return verdict(open_certificate({envelope_of(PayloadType::kCertificate, make_certificate_payload(device.certificate), {&signer})}, root));
  };
  CHECK(opened_as(device.school.server) == "verified");
  CHECK(opened_as(device.school.technician) == "E6");
  CHECK(opened_as(device.key) == "E6");
  SECTION("another device's id") { device.certificate.device[0] ^= 1; CHECK(opened_as(device.school.server) == "N4"); }
  SECTION("another school") { device.certificate.school[0] ^= 1; CHECK(opened_as(device.school.server) == "N4"); }
}

TEST_CASE("a check-in request comes back as it was made") {
  CheckinRequest request{to_bytes("certificate"), to_bytes("batch"), {}, {}};
  request.sealed[3] = SealedDetails{Bytes(40, 7), {{std::string(32, 'a'), Bytes(80, 1)}}};
  request.sealed[12] = SealedDetails{Bytes(41, 7), {}};
  const Bytes body = make_checkin_request(request);
  const auto parsed = parse_checkin_request(body, 1u << 20);
  REQUIRE(parsed);
  CHECK(make_checkin_request(*parsed) == body);
  CHECK(parsed->sealed.at(3).keys.at(0).recipient == std::string(32, 'a'));
  CHECK(parsed->last_receipt.empty());
  request.last_receipt = to_bytes("receipt");
  CHECK(parse_checkin_request(make_checkin_request(request), 1u << 20)->last_receipt == to_bytes("receipt"));
}

TEST_CASE("a check-in request of a wrong form is refused") {
  const Bytes good = make_checkin_request({to_bytes("c"), to_bytes("b"), {}, {}});
  const auto changed = [&](const std::string& key, Json value) {
    return verdict(parse_checkin_request(with(good, key, std::move(value)), 1u << 20));
  };
  const Json details = Json::Object{{"ciphertext", "AAAA"}, {"keys", Json::Array{}}};
  CHECK(changed("sealed", Json::Object{{"1", details}}) == "verified");
  for (const char* seq : {"", "01", "-1", "1 ", "x", "99999999999", "4294967296"}) {
    CHECK(changed("sealed", Json::Object{{seq, details}}) == "H7");
  }
  CHECK(changed("sealed", Json::Object{{"1", 5}}) == "H7");
  CHECK(changed("sealed", Json()) == "H7");
  CHECK(changed("batch", Json()) == "H7");
  CHECK(changed("certificate", "not base64!") == "H7");
  CHECK(changed("v", 0) == "H7");
  CHECK(parse_checkin_request(good, good.size() - 1).error().code == ErrorCode::kTooLarge);
}

TEST_CASE("a check-in answer comes back as it was made, and a wrong one is refused") {
  CheckinAnswer answer;
  answer.receipt = to_bytes("receipt");
  answer.roots = {to_bytes("root 2"), to_bytes("root 3")};
  answer.policy = to_bytes("policy");
  answer.interval_s = 60;
  answer.more = true;
  answer.expected = ChainHead{5, Hash{1}};
  answer.missing = {{EpochId{3}, {9, Hash{4}}}, {EpochId{5}, {}}};
  answer.problem = "gap";
  answer.letters = {to_bytes("letter")};
  const Bytes body = make_checkin_answer(answer);
  const auto parsed = parse_checkin_answer(body);
  REQUIRE(parsed);
  CHECK(make_checkin_answer(*parsed) == body);
  CHECK(parsed->expected == answer.expected);
  CHECK(parsed->missing == answer.missing);
  CHECK(parsed->lists.empty());
  CHECK(parsed->letters == answer.letters);
  const auto changed = [&](const std::string& key, Json value) { return verdict(parse_checkin_answer(with(body, key, std::move(value)))); };
  CHECK(changed("interval_s", 0) == "H8");
  CHECK(changed("interval_s", 86'401) == "H8");
  CHECK(changed("roots", Json::Array(65, Json("AA=="))) == "H8");
  CHECK(changed("roots", Json::Array{7}) == "H8");
  CHECK(changed("letters", Json::Array(17, Json("AA=="))) == "H8");
  CHECK(changed("letters", Json::Array{to_base64(Bytes(kMaxLetterBytes + 1))}) == "H8");
  CHECK(changed("more", 1) == "H8");
  CHECK(changed("expected", Json::Object{{"seq", 1}}) == "H8");
  CHECK(changed("missing", Json::Array{Json::Object{{"epoch", "00"}, {"seq", 1}, {"link", to_hex(Hash{})}}}) == "H8");
  CHECK(changed("missing", Json::Array(9, Json::Object{{"epoch", to_hex(EpochId{})}, {"seq", 1}, {"link", to_hex(Hash{})}})) == "H8");
  CHECK(changed("problem", std::string(49, 'x')) == "H8");
}

TEST_CASE("an answer of eight megabytes of nothing is refused before it is held in memory") {
  std::string body = R"({"v":1,"interval_s":900,"more":false,"problem":"","roots":[)";
  while (body.size() < kMaxAnswerBytes - 100) body += "0,0,0,0,0,0,0,0,";
  body += "0]}";
  CHECK(parse_checkin_answer(to_bytes(body)).error().message.starts_with("H8"));
}
