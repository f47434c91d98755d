#include "sync/envelope.h"

#include <catch2/catch.hpp>

#include "platform/base/json.h"

using namespace caretaker;
using namespace caretaker::sync;

namespace {

SigningKey rfc8032_key() {
  return make_signing_key(SecretKey(*to_array<32>(
      *parse_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))));
}

KeyRing ring_of(const SigningKey& key) { return {{key_id(key.public_key), key.public_key}}; }

Bytes signed_by(std::initializer_list<const SigningKey*> keys, ByteView payload = as_bytes("{}")) {
  return make_envelope(PayloadType::kPolicy, payload, std::vector<const SigningKey*>(keys));
}

std::string refusal(ByteView raw, const KeyRing& ring, PayloadType type = PayloadType::kPolicy) {
  const auto opened = open_envelope(raw, type, ring);
  return opened ? "opened" : opened.error().message.substr(0, opened.error().message.find(':'));
}

// The envelope with one member changed.
Bytes with(ByteView envelope, const std::string& key, Json value) {
  Json::Object json = *parse_json(as_text(envelope))->as_object();
  json[key] = std::move(value);
  return to_bytes(Json(json).dump());
}

}  // namespace

TEST_CASE("the pre-authentication encoding is DSSE's") {
  CHECK(as_text(pre_authentication_encoding("http://example.com/HelloWorld", as_bytes("hello world"))) ==
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  CHECK(as_text(pre_authentication_encoding("", {})) == "DSSEv1 0  0 ");
}

TEST_CASE("the design's known answer: RFC 8032 test 1 key over an empty event list") {
  const Bytes message = pre_authentication_encoding("application/vnd.example.events.v1+json", as_bytes("[]"));
  CHECK(to_base64(sign(rfc8032_key(), message)) ==
        "ewhPCmKP65Y6/Wj8Hsytku08T0LZAoxDT0SpdqyWW8Pr8Vu0CmbMORbZrD1Fw/WYOIDHOtkgkR2CxChpiv90CQ==");
}

TEST_CASE("what is put into an envelope comes out, byte for byte") {
  const SigningKey key = make_signing_key(random_key());
  for (const std::string& payload : {std::string(), std::string("{}"), std::string("\0 \xff", 3), std::string("[1, 2 ,3]")}) {
    const auto opened = open_envelope(signed_by({&key}, as_bytes(payload)), PayloadType::kPolicy, ring_of(key));
    REQUIRE(opened);
    CHECK(as_text(opened->payload) == payload);
    CHECK(opened->signers == std::set<KeyId>{key_id(key.public_key)});
  }
}

TEST_CASE("a signature for one type does not open another type") {
  const SigningKey key = make_signing_key(random_key());
  const Bytes envelope = signed_by({&key});
  CHECK(refusal(envelope, ring_of(key), PayloadType::kRoot) == "E3");
  const Bytes relabelled = with(envelope, "payloadType", payload_type_name(PayloadType::kRoot));
  CHECK(refusal(relabelled, ring_of(key), PayloadType::kRoot) == "E5");
}

TEST_CASE("no flipped bit of an envelope goes through") {
  const SigningKey key = make_signing_key(random_key());
  const Bytes good = signed_by({&key}, as_bytes("{\"a\":1}"));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes bad = good;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ (1 << bit));
      CHECK_FALSE(open_envelope(bad, PayloadType::kPolicy, ring_of(key)));
    }
  }
}

TEST_CASE("no cut-off envelope goes through") {
  const SigningKey key = make_signing_key(random_key());
  const Bytes good = signed_by({&key});
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK(refusal(ByteView(good).first(size), ring_of(key)) == "E2");
  }
}

TEST_CASE("only keys of the ring count, and one bad signature by such a key refuses the whole") {
  const SigningKey known = make_signing_key(random_key());
  const SigningKey stranger = make_signing_key(random_key());
  CHECK(refusal(signed_by({&stranger}), ring_of(known)) == "E6");
  const auto both = open_envelope(signed_by({&stranger, &known}), PayloadType::kPolicy, ring_of(known));
  REQUIRE(both);
  CHECK(both->signers.size() == 1);

  // The stranger's signature under the known key's id.
  SigningKey pretender = stranger;
  pretender.public_key = known.public_key;
  CHECK(refusal(signed_by({&pretender}), ring_of(known)) == "E5");
}

TEST_CASE("two signatures under one key id are refused") {
  const SigningKey key = make_signing_key(random_key());
  CHECK(refusal(signed_by({&key, &key}), ring_of(key)) == "E4");
}

TEST_CASE("a signature is added once per key") {
  const SigningKey first = make_signing_key(random_key());
  const SigningKey second = make_signing_key(random_key());
  auto envelope = add_signature(signed_by({&first}), PayloadType::kPolicy, second);
  REQUIRE(envelope);
  envelope = add_signature(*envelope, PayloadType::kPolicy, second);
  REQUIRE(envelope);
  KeyRing ring = ring_of(first);
  ring.merge(ring_of(second));
  const auto opened = open_envelope(*envelope, PayloadType::kPolicy, ring);
  REQUIRE(opened);
  CHECK(opened->signers.size() == 2);
  CHECK_FALSE(add_signature(*envelope, PayloadType::kRoot, second));
}

TEST_CASE("an envelope of a wrong form is refused with the number of its check") {
  const SigningKey key = make_signing_key(random_key());
  const Bytes good = signed_by({&key});
  CHECK(refusal(as_bytes("[]"), ring_of(key)) == "E2");
  CHECK(refusal(with(good, "payload", "e30"), ring_of(key)) == "E2");
  CHECK(refusal(with(good, "payload", 7), ring_of(key)) == "E2");
  CHECK(refusal(with(good, "signatures", Json::Array{}), ring_of(key)) == "E4");
  CHECK(refusal(with(good, "signatures", Json::Array(17, Json())), ring_of(key)) == "E4");
  CHECK(refusal(with(good, "signatures", "none"), ring_of(key)) == "E4");
  CHECK(open_envelope(with(good, "comment", "fine"), PayloadType::kPolicy, ring_of(key)));
  const auto large = open_envelope(good, PayloadType::kPolicy, ring_of(key), good.size() - 1);
  REQUIRE_FALSE(large);
  CHECK(large.error().code == ErrorCode::kTooLarge);
}
