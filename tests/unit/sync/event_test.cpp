#include "sync/event.h"

#include <catch2/catch.hpp>

#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using namespace caretaker::sync::test;

namespace {

EventBody plain_body() { return {"web.blocked", 1'800'000'000, Severity::kMedium, "locked-class", 3, {}, {}}; }

// An event with details for two people.
struct Sealed {
  BoxKey lead = make_box_key(random_key());
  BoxKey deputy = make_box_key(random_key());
  Details details{{{"user", "anna"}, {"name", "example.com"}, {"category", "gambling"}}};
  Sealing sealing = seal_details(details, {{key_id(lead.public_key), lead.public_key}, {key_id(deputy.public_key), deputy.public_key}});
  EventBody body = plain_body();
  Sealed() {
    body.sealed = sealing.hash;
    body.key_commitment = sealing.commitment;
  }
  std::string opened_by(const BoxKey& key) const { return verdict(open_details(sealing.sealed, body, key)); }
};

}  // namespace

TEST_CASE("an event body has one form") {
  CHECK(as_text(make_event_body(plain_body())) ==
        R"({"count":3,"kind":"web.blocked","rule":"locked-class","severity":"medium","time":1800000000,"v":1})");
}

TEST_CASE("an event body comes back as it was made", "[R18]") {
  EventBody body = plain_body();
  body.sealed = Hash{1};
  body.key_commitment = Hash{2};
  const auto parsed = parse_event_body(make_event_body(body));
  REQUIRE(parsed);
  CHECK(make_event_body(*parsed) == make_event_body(body));
  CHECK(parsed->severity == Severity::kMedium);
  CHECK(parsed->count == 3);
}

TEST_CASE("unknown kinds and fields of a body are fine, wrong ones are not") {
  const Bytes good = make_event_body(plain_body());
  const auto changed = [&](const std::string& key, Json value) { return verdict(parse_event_body(with(good, key, std::move(value)))); };
  CHECK(changed("kind", "something.new") == "verified");
  CHECK(changed("later", Json::Array{1, 2}) == "verified");
  CHECK(changed("kind", "") == "V1");
  CHECK(changed("kind", "Anna was here") == "V1");
  CHECK(changed("kind", std::string(49, 'a')) == "V1");
  CHECK(changed("time", -1) == "V1");
  CHECK(changed("time", 1.5) == "V1");
  CHECK(changed("severity", "dire") == "V1");
  CHECK(changed("severity", 2) == "V1");
  CHECK(changed("rule", Json()) == "V1");
  CHECK(changed("count", 0) == "V1");
  CHECK(changed("count", std::int64_t{1} << 32) == "V1");
  CHECK(changed("sealed", to_hex(Hash{})) == "V1");  // without its key
  CHECK(changed("v", 2) == "V1");
  CHECK(parse_event_body(with(good, "v", 2)).error().code == ErrorCode::kUnsupported);
  CHECK(verdict(parse_event_body(Bytes(3000, ' '))) == "V1");
}

TEST_CASE("each recipient opens the details, and nobody else", "[R13][R19]") {
  const Sealed sealed;
  for (const BoxKey* key : {&sealed.lead, &sealed.deputy}) {
    const auto details = open_details(sealed.sealing.sealed, sealed.body, *key);
    REQUIRE(details);
    CHECK(details->fields == sealed.details.fields);
  }
  CHECK(sealed.opened_by(make_box_key(random_key())) == "V3");
}

TEST_CASE("the length of the ciphertext does not tell the length of a name", "[R19]") {
  const auto size_of = [](std::size_t length) {
    return seal_details({{{"name", std::string(length, 'a')}}}, {}).sealed.ciphertext.size();
  };
  CHECK(size_of(1) == size_of(200));
  CHECK(size_of(1) == 24 + 256 + 16);
  CHECK((size_of(243) - 40) % 256 == 0);
  CHECK((size_of(244) - 40) % 256 == 0);
  CHECK((size_of(245) - 40) % 256 == 0);
}

TEST_CASE("details of every length come back") {
  const BoxKey key = make_box_key(random_key());
  for (std::size_t length = 0; length < 520; ++length) {
    const Sealing sealing = seal_details({{{"name", std::string(length, '\0')}}}, {{key_id(key.public_key), key.public_key}});
    EventBody body = plain_body();
    body.sealed = sealing.hash;
    body.key_commitment = sealing.commitment;
    const auto details = open_details(sealing.sealed, body, key);
    REQUIRE(details);
    CHECK(details->fields.at("name").size() == length);
  }
}

TEST_CASE("sealed details that were exchanged or altered do not open") {
  Sealed sealed;
  SECTION("another ciphertext") { sealed.sealing.sealed.ciphertext[30] ^= 1; CHECK(sealed.opened_by(sealed.lead) == "V4"); }
  SECTION("an altered wrapped key") { sealed.sealing.sealed.keys[0].wrapped[40] ^= 1; sealed.sealing.sealed.keys[1].wrapped[40] ^= 1; CHECK(sealed.opened_by(sealed.lead) == "V5"); }
  SECTION("a body that names none") { sealed.body.sealed.reset(); CHECK(sealed.opened_by(sealed.lead) == "V4"); }
  SECTION("another event's details, whole") {
    const Sealed other;
    sealed.sealing.sealed = other.sealing.sealed;
    CHECK(sealed.opened_by(other.lead) == "V4");
  }
  SECTION("a server wraps a key of its own for the lead") {
    for (WrappedKey& wrapped : sealed.sealing.sealed.keys) wrapped.wrapped = box_seal(sealed.lead.public_key, random_key().view());
    CHECK(sealed.opened_by(sealed.lead) == "V6");
  }
  SECTION("sealed anew under another key, hash and all, but for the commitment") {
    const Sealing forged = seal_details({{{"user", "ben"}}}, {{key_id(sealed.lead.public_key), sealed.lead.public_key}});
    sealed.sealing.sealed = forged.sealed;
    sealed.body.sealed = forged.hash;
    CHECK(sealed.opened_by(sealed.lead) == "V6");
  }
}

TEST_CASE("a new lead's key is wrapped anew without touching the chain") {
  Sealed sealed;
  const BoxKey new_lead = make_box_key(random_key());
  const auto& mine = sealed.sealing.sealed.keys;
  const auto own = std::find_if(mine.begin(), mine.end(), [&](const WrappedKey& key) { return key.recipient == key_id(sealed.lead.public_key); });
  const auto content_key = box_open(sealed.lead, own->wrapped);
  REQUIRE(content_key);
  sealed.sealing.sealed.keys.push_back({key_id(new_lead.public_key), box_seal(new_lead.public_key, *content_key)});
  CHECK(sealed.opened_by(new_lead) == "verified");
}

TEST_CASE("sealed details keep their form on the way") {
  const Sealed sealed;
  const Bytes json = make_sealed_json(sealed.sealing.sealed);
  const auto parsed = parse_sealed_json(json);
  REQUIRE(parsed);
  CHECK(make_sealed_json(*parsed) == json);
  CHECK(verdict(parse_sealed_json(with(json, "ciphertext", ""))) == "V2");
  CHECK(verdict(parse_sealed_json(with(json, "ciphertext", to_base64(Bytes(20'000))))) == "V2");
  CHECK(verdict(parse_sealed_json(with(json, "keys", Json::Array(33, Json())))) == "V2");
  CHECK(verdict(parse_sealed_json(with(json, "keys", Json::Array{Json::Object{{"recipient", std::string(32, 'a')}, {"wrapped", "AAAA"}}}))) == "V2");
  CHECK(verdict(parse_sealed_json(as_bytes("7"))) == "V2");
}

TEST_CASE("what is checked before it is written can be parsed, and nothing else passes") {
  const Sealed sealed;
  const auto check = [&sealed](const std::function<void(SealedDetails&)>& change) {
    SealedDetails details = sealed.sealing.sealed;
    change(details);
    const auto parsed = parse_sealed_json(make_sealed_json(details));
    const bool same = parsed && parsed->ciphertext == details.ciphertext && parsed->keys.at(0).recipient == details.keys.at(0).recipient;
    CHECK(check_sealed(details).has_value() == same);
    return same;
  };
  CHECK(check([](SealedDetails&) {}));
  CHECK(check([](SealedDetails& details) { details.ciphertext.resize(kMaxCiphertext); }));
  CHECK(check([](SealedDetails& details) { details.keys.resize(kMaxRecipients, details.keys[0]); }));
  CHECK_FALSE(check([](SealedDetails& details) { details.ciphertext.clear(); }));
  CHECK_FALSE(check([](SealedDetails& details) { details.ciphertext.resize(kMaxCiphertext + 1); }));
  CHECK_FALSE(check([](SealedDetails& details) { details.keys.resize(kMaxRecipients + 1, details.keys[0]); }));
  CHECK_FALSE(check([](SealedDetails& details) { details.keys[0].wrapped.pop_back(); }));
  CHECK_FALSE(check([](SealedDetails& details) { details.keys[0].recipient = std::string(32, 'A'); }));
  CHECK_FALSE(check([](SealedDetails& details) { details.keys[0].recipient = "\"" + std::string(31, 'a'); }));
}
