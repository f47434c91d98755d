// Key files and staff requests.
#include <catch2/catch.hpp>
#include <optional>

#include "sync/key_file.h"
#include "sync/staff_request.h"
#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using namespace caretaker::sync::test;

namespace {

constexpr UnixSeconds kNow = 1'800'000'000;
constexpr PasswordCost kCheap{1, 8192};

std::string staff_verdict(const TestSchool& school, const std::string& action, const SigningKey& key, UnixSeconds time = kNow,
                          std::optional<SchoolId> id = {}) {
  const StaffRequest request{id.value_or(school.root.school), action, Json::Object{}, std::string(32, '0'), time};
  return verdict(open_staff_request({envelope_of(PayloadType::kStaffRequest, make_staff_payload(request), {&key})}, school.verified(), kNow));
}

}  // namespace

TEST_CASE("a key file opens with its passphrase and gives the same keys") {
  const PersonKey key = make_person_key("head");
  const auto file = make_key_file(key, "correct horse", kCheap);
  REQUIRE(file);
  const auto opened = open_key_file(*file, "correct horse");
  REQUIRE(opened);
  CHECK(opened->holder == "head");
  CHECK(opened->signing.public_key == key.signing.public_key);
  CHECK(equal_constant_time(opened->signing.seed.view(), key.signing.seed.view()));
  CHECK(equal_constant_time(opened->box.seed.view(), key.box.seed.view()));
  CHECK(verdict(open_key_file(*file, "wrong horse")) == "K2");
  CHECK(verdict(open_key_file(*file, "")) == "K2");
  CHECK_FALSE(make_key_file(key, "", kCheap));
}

TEST_CASE("a key file that was edited does not open") {
  const auto file = make_key_file(make_person_key("head"), "p", kCheap);
  REQUIRE(file);
  const auto changed = [&](const std::string& key, Json value) { return verdict(open_key_file(with(*file, key, std::move(value)), "p")); };
  CHECK(changed("holder", "deputy") == "K2");
  CHECK(changed("sign_public", to_hex(Hash{1})) == "K2");
  CHECK(changed("note", "new") == "K2");
  CHECK(changed("secret", to_base64(Bytes(104))) == "K2");
  CHECK(changed("secret", "") == "K2");
  CHECK(changed("kdf", Json()) == "K1");
  CHECK(changed("v", 2) == "K1");
  const Json greedy = Json::Object{{"name", "argon2id13"}, {"salt", std::string(32, '0')}, {"operations", 1}, {"memory_bytes", std::int64_t{1} << 40}};
  CHECK(changed("kdf", greedy) == "K1");
}

TEST_CASE("the public half of a key file is read without the passphrase") {
  const PersonKey key = make_person_key("technician");
  const auto person = parse_public_person(*make_key_file(key, "p", kCheap));
  REQUIRE(person);
  CHECK(person->box_public == key.box.public_key);
  const auto again = parse_public_person(make_public_person(*person));
  REQUIRE(again);
  CHECK(again->holder == "technician");
  CHECK(verdict(parse_public_person(as_bytes("{\"v\":1}"))) == "K1");
}

TEST_CASE("each action is open to its roles and to nobody else", "[R7]") {
  const TestSchool school;
  const auto asked_by = [&](const SigningKey& key, const char* action) { return staff_verdict(school, action, key); };
  CHECK(asked_by(school.technician, "token.new") == "verified");
  CHECK(asked_by(school.safeguarding, "token.new") == "S4");
  CHECK(asked_by(school.lists, "token.new") == "S4");
  CHECK(asked_by(school.safeguarding, "events.list") == "verified");
  CHECK(asked_by(school.technician, "events.list") == "verified");
  CHECK(asked_by(school.lists, "events.list") == "S4");
  CHECK(asked_by(school.lists, "lists.publish") == "verified");
  CHECK(asked_by(school.lists, "policy.publish") == "S4");
  CHECK(asked_by(school.head, "root.publish") == "verified");
  CHECK(asked_by(school.safeguarding, "root.publish") == "S4");
  CHECK(asked_by(school.server, "events.list") == "E6");
  CHECK(asked_by(new_key(), "events.list") == "E6");
  CHECK(roles_for_action("wipe.all").error().code == ErrorCode::kNotFound);
}

TEST_CASE("a staff request is good for five minutes, in its own school") {
  const TestSchool school;
  CHECK(staff_verdict(school, "token.new", school.technician, kNow - 300) == "verified");
  CHECK(staff_verdict(school, "token.new", school.technician, kNow + 300) == "verified");
  CHECK(staff_verdict(school, "token.new", school.technician, kNow - 301) == "S3");
  CHECK(staff_verdict(school, "token.new", school.technician, kNow + 301) == "S3");
  CHECK(staff_verdict(school, "token.new", school.technician, kNow, Hash{1}) == "S2");
}

TEST_CASE("a staff request of a wrong form is refused") {
  const Bytes good = make_staff_payload({Hash{1}, "token.new", Json::Object{}, std::string(32, 'a'), kNow});
  CHECK(verdict(parse_staff_request(good)) == "verified");
  CHECK(verdict(parse_staff_request(with(good, "nonce", "short"))) == "S1");
  CHECK(verdict(parse_staff_request(with(good, "arguments", 7))) == "S1");
  CHECK(verdict(parse_staff_request(with(good, "action", std::string(49, 'a')))) == "S1");
  CHECK(verdict(parse_staff_request(with(good, "time", "now"))) == "S1");
}
