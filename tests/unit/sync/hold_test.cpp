#include "sync/hold.h"

#include <catch2/catch.hpp>

#include "sync/limits.h"

using namespace caretaker;
using namespace caretaker::sync;

namespace {

const SigningKey& key() {
  static const SigningKey made = make_signing_key(SecretKey(Hash{7}));
  return made;
}

DeviceCertificate certificate() {
  DeviceCertificate out;
  out.school = {1};
  out.device = hash(key().public_key);
  out.device_key = key().public_key;
  return out;
}

Hold some_hold() { return {certificate().school, certificate().device, "nonce", 1'795'000'000, "1.2.3"}; }

RawBlob signed_hold(const Hold& hold, PayloadType type = PayloadType::kHold) {
  const SigningKey* signer = &key();
  return {make_envelope(type, make_hold_payload(hold), {&signer, 1})};
}

}  // namespace

TEST_CASE("a request to be held comes back as it went") {
  const auto opened = open_hold(signed_hold(some_hold()), certificate());
  REQUIRE(opened);
  CHECK(opened->nonce == "nonce");
  CHECK(opened->time == 1'795'000'000);
  CHECK(opened->mark == "1.2.3");
  const auto request = parse_hold_request(make_hold_request({to_bytes("c"), to_bytes("h")}));
  REQUIRE(request);
  CHECK(as_text(request->certificate) == "c");
  CHECK(as_text(request->hold) == "h");
  CHECK(parse_hold_answer(make_hold_answer({true}))->news);
  CHECK_FALSE(parse_hold_answer(make_hold_answer({false}))->news);
}

TEST_CASE("W2: a device asks for itself alone") {
  Hold other_device = some_hold(), other_school = some_hold();
  other_device.device = {9};
  other_school.school = {9};
  CHECK(open_hold(signed_hold(other_device), certificate()).error().message.starts_with("W2"));
  CHECK(open_hold(signed_hold(other_school), certificate()).error().message.starts_with("W2"));
  CHECK(open_hold(signed_hold(some_hold(), PayloadType::kBatch), certificate()).error().code == ErrorCode::kUnsupported);
  DeviceCertificate stranger = certificate();
  stranger.device_key = make_signing_key(SecretKey(Hash{8})).public_key;
  CHECK(open_hold(signed_hold(some_hold()), stranger).error().code == ErrorCode::kUnauthentic);
}

TEST_CASE("W1: members of a wrong type or size are refused") {
  Hold long_mark = some_hold();
  long_mark.mark = std::string(kMaxMark + 1, 'm');
  CHECK(parse_hold(make_hold_payload(long_mark)).error().message.starts_with("W1"));
  CHECK(parse_hold(to_bytes(R"({"v":1})")).error().code == ErrorCode::kInvalidInput);
  CHECK(parse_hold_request(Bytes(kMaxHoldBytes + 1, ' ')).error().code == ErrorCode::kTooLarge);
  CHECK(parse_hold_answer(to_bytes(R"({"v":1,"new":1})")).error().code == ErrorCode::kInvalidInput);
  CHECK(parse_hold_answer(Bytes(2000, ' ')).error().code == ErrorCode::kTooLarge);
}
