#include "sync/enrolment.h"

#include <catch2/catch.hpp>

#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using namespace caretaker::sync::test;

namespace {

EnrolmentToken some_token() { return {{1, 2, 3}, Hash{4}, Hash{5}, "https://school.example:8443"}; }

EnrolmentRequest request_of(const SigningKey& key) { return {Hash{4}, key.public_key, {1, 2, 3}, {"uuid", "serial"}, "laptop-7"}; }

}  // namespace

TEST_CASE("a token comes back as it was made, white space around it or not") {
  const std::string text = make_token_text(some_token());
  CHECK(text.starts_with("caretaker-token-1."));
  for (const std::string& given : {text, text + "\n", "  \r\n" + text + "\t\n"}) {
    const auto token = parse_token_text(given);
    REQUIRE(token);
    CHECK(make_token_text(*token) == text);
    CHECK(token->server == "https://school.example:8443");
  }
}

TEST_CASE("what is not quite a token is refused") {
  const std::string text = make_token_text(some_token());
  for (const std::string& bad : {std::string(), std::string("\n"), text.substr(1), text.substr(0, text.size() - 4), text + "AAAA", text + " x",
                                 std::string("caretaker-token-2.") + text.substr(18), std::string("caretaker-token-1.!"), std::string(5000, 'a')}) {
    CHECK(verdict(parse_token_text(bad)) == "N1");
  }
  EnrolmentToken plain = some_token();
  plain.server = "http://school.example";
  CHECK(verdict(parse_token_text(make_token_text(plain))) == "N1");
}

TEST_CASE("the server's hash of a token depends on all of it") {
  CHECK(token_hash({1}) != token_hash({2}));
  CHECK(token_hash({}) != hash(std::array<std::uint8_t, 16>{}));
}

TEST_CASE("an enrolment request proves that the device has its key") {
  const SigningKey key = new_key();
  const SigningKey thief = new_key();
  const Bytes payload = make_enrolment_payload(request_of(key));
  const auto opened = open_enrolment({envelope_of(PayloadType::kEnrolment, payload, {&key})});
  REQUIRE(opened);
  CHECK(make_enrolment_payload(*opened) == payload);
  CHECK(opened->label == "laptop-7");
  CHECK(verdict(open_enrolment({envelope_of(PayloadType::kEnrolment, payload, {&thief})})) == "E6");
  const Bytes envelope = envelope_of(PayloadType::kEnrolment, payload, {&key});
  const Bytes renamed = with(envelope, "payload", to_base64(with(payload, "label", "laptop-8")));
  CHECK(verdict(open_enrolment({renamed})) == "E5");
}

TEST_CASE("an enrolment request of a wrong form is refused") {
  const Bytes good = make_enrolment_payload(request_of(new_key()));
  const auto changed = [&](const std::string& key, Json value) { return verdict(parse_enrolment(with(good, key, std::move(value)))); };
  CHECK(changed("token", "00") == "N2");
  CHECK(changed("hardware", Json()) == "N2");
  CHECK(changed("hardware", Json::Object{{"dmi_uuid", std::string(257, 'a')}, {"board_serial", ""}}) == "N2");
  CHECK(changed("hardware", Json::Object{{"dmi_uuid", ""}, {"board_serial", ""}}) == "verified");
  CHECK(changed("label", 7) == "N2");
  CHECK(changed("v", 3) == "N2");
}

TEST_CASE("the answer to an enrolment comes back as it was made") {
  const EnrolmentAnswer answer{to_bytes("certificate"), {to_bytes("root 1"), to_bytes("root 2")}, {}, to_bytes("lists")};
  const Bytes body = make_enrolment_answer(answer);
  const auto parsed = parse_enrolment_answer(body);
  REQUIRE(parsed);
  CHECK(make_enrolment_answer(*parsed) == body);
  CHECK(parsed->roots.size() == 2);
  CHECK(parsed->policy.empty());
  CHECK(verdict(parse_enrolment_answer(with(body, "certificate", Json()))) == "N5");
  CHECK(verdict(parse_enrolment_answer(with(body, "roots", "x"))) == "N5");
}
