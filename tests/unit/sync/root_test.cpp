#include "sync/root.h"

#include <catch2/catch.hpp>

#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using namespace caretaker::sync::test;

namespace {

std::string first_verdict(const Bytes& payload, std::initializer_list<const SigningKey*> signers) {
  return verdict(VerifiedRoot::open_first({envelope_of(PayloadType::kRoot, payload, signers)}, hash(payload)));
}

// What parse_root says when one member of a good root is changed.
std::string form_verdict(const std::string& member, Json value) {
  const TestSchool school;
  return verdict(parse_root(with(make_root_payload(school.root), member, std::move(value))));
}

// A good root 2 for the school, with its keys, to be spoiled.
Root next_root(const TestSchool& school) {
  Root next = school.root;
  next.version = 2;
  next.issued += 10;
  return next;
}

std::string next_verdict(const TestSchool& school, const Root& next, std::initializer_list<const SigningKey*> signers) {
  return verdict(school.verified().open_next({envelope_of(PayloadType::kRoot, make_root_payload(next), signers)}));
}

}  // namespace

TEST_CASE("a root comes back as it was made") {
  const TestSchool school;
  const Bytes payload = make_root_payload(school.root);
  const auto parsed = parse_root(payload);
  REQUIRE(parsed);
  CHECK(make_root_payload(*parsed) == payload);
  CHECK(parsed->school == hash(payload));
  CHECK(parsed->roles.at(Role::kRoot).threshold == 2);
  CHECK(parsed->keys.at(key_id(school.server.public_key)).holder == "server");
}

TEST_CASE("root 1 opens by its pinned hash and two of its own holders", "[R7]") {
  const TestSchool school;
  CHECK(verdict(VerifiedRoot::open_first({school.root_envelope()}, school.root.school)) == "verified");
  CHECK(verdict(VerifiedRoot::open_first({school.root_envelope()}, Hash{7})) == "T6");
  const Bytes payload = make_root_payload(school.root);
  CHECK(first_verdict(payload, {&school.head}) == "T10");
  CHECK(first_verdict(payload, {&school.head, &school.technician}) == "T10");
  CHECK(first_verdict(payload, {&school.technician}) == "E6");
  CHECK(first_verdict(payload, {&school.head, &school.deputy, &school.governor}) == "verified");
}

TEST_CASE("two keys of one holder count once") {
  TestSchool school;
  school.give(Role::kRoot, 2, {{"head", &school.head}, {"head", &school.deputy}, {"governor", &school.governor}});
  const Bytes payload = make_root_payload(school.root);
  CHECK(first_verdict(payload, {&school.head, &school.deputy}) == "T10");
  CHECK(first_verdict(payload, {&school.head, &school.governor}) == "verified");
}

TEST_CASE("a first root must have version 1") {
  TestSchool school;
  school.root.version = 2;
  CHECK(first_verdict(make_root_payload(school.root), {&school.head, &school.deputy}) == "T7");
}

TEST_CASE("the next root is signed by enough of the old holders and enough of its own", "[R7]") {
  const TestSchool school;
  const SigningKey new_head = new_key(), new_deputy = new_key();
  Root next = next_root(school);
  next.keys[key_id(new_head.public_key)] = {new_head.public_key, "new head"};
  next.keys[key_id(new_deputy.public_key)] = {new_deputy.public_key, "new deputy"};
  next.roles[Role::kRoot].keys = {key_id(new_head.public_key), key_id(new_deputy.public_key)};
  CHECK(next_verdict(school, next, {&school.head, &school.deputy, &new_head, &new_deputy}) == "verified");
  CHECK(next_verdict(school, next, {&school.head, &school.deputy}) == "E6");
  CHECK(next_verdict(school, next, {&school.head, &school.deputy, &new_head}) == "T10");
  CHECK(next_verdict(school, next, {&new_head, &new_deputy}) == "E6");
  CHECK(next_verdict(school, next, {&school.head, &new_head, &new_deputy}) == "T9");
}

TEST_CASE("roots go up one by one, in one school, and not back in time") {
  const TestSchool school;
  Root next = next_root(school);
  SECTION("as it should be") { CHECK(next_verdict(school, next, {&school.head, &school.governor}) == "verified"); }
  SECTION("the same version again") { next.version = 1; CHECK(next_verdict(school, next, {&school.head, &school.deputy}) == "T8"); }
  SECTION("one left out") { next.version = 3; CHECK(next_verdict(school, next, {&school.head, &school.deputy}) == "T8"); }
  SECTION("another school") { next.school[0] ^= 1; CHECK(next_verdict(school, next, {&school.head, &school.deputy}) == "T11"); }
  SECTION("issued earlier") { next.issued = 999; CHECK(next_verdict(school, next, {&school.head, &school.deputy}) == "T12"); }
}

TEST_CASE("a device back after a year walks all roots, expired ones too") {
  const TestSchool school;
  VerifiedRoot root = school.verified();
  Root next = school.root;
  for (int version = 2; version <= 40; ++version) {
    next.version = version;
    next.issued = next.expires = 1'000 + version;  // expired long ago
    const auto opened = root.open_next({envelope_of(PayloadType::kRoot, make_root_payload(next), {&school.head, &school.deputy})});
    REQUIRE(opened);
    root = *opened;
  }
  CHECK(root.root().version == 40);
  CHECK(root.root().school == school.root.school);
}

TEST_CASE("no flipped bit of a root goes through") {
  const TestSchool school;
  const Bytes good = make_root_payload(next_root(school));
  const Bytes envelope = envelope_of(PayloadType::kRoot, good, {&school.head, &school.deputy});
  const VerifiedRoot root = school.verified();
  for (std::size_t i = 0; i < good.size(); i += 7) {
    Bytes bad = good;
    bad[i] ^= 1;
    CHECK_FALSE(root.open_next({with(envelope, "payload", to_base64(bad))}));
  }
}

TEST_CASE("a root without sense is refused with the number of its check") {
  TestSchool school;
  const auto parsed = [&] { return verdict(parse_root(make_root_payload(school.root))); };
  REQUIRE(parsed() == "verified");
  SECTION("a key under another's id") { school.root.keys.begin()->second.public_key[0] ^= 1; CHECK(parsed() == "T2"); }
  SECTION("a recipient under another's id") { school.root.recipients.begin()->second.public_key[0] ^= 1; CHECK(parsed() == "T2"); }
  SECTION("no root role") { school.root.roles.erase(Role::kRoot); CHECK(parsed() == "T3"); }
  SECTION("no policy role") { school.root.roles.erase(Role::kPolicy); CHECK(parsed() == "T3"); }
  SECTION("nobody signs receipts") { school.root.roles.erase(Role::kReceipts); CHECK(parsed() == "T3"); }
  SECTION("a role with a key that is not there") { school.root.roles[Role::kLists].keys.insert(std::string(32, 'a')); CHECK(parsed() == "T3"); }
  SECTION("more signatures than holders") { school.root.roles[Role::kPolicy].threshold = 3; CHECK(parsed() == "T3"); }
  SECTION("root by one alone") { school.root.roles[Role::kRoot].threshold = 1; CHECK(parsed() == "T4"); }
  SECTION("wipe by one alone") { school.give(Role::kWipe, 1, {{"head", &school.head}}); CHECK(parsed() == "T4"); }
  SECTION("the server signs policies") { school.give(Role::kPolicy, 1, {{"server", &school.server}}); CHECK(parsed() == "T5"); }
  SECTION("the list publisher signs policies") {
    school.give(Role::kPolicy, 1, {{"t", &school.technician}, {"lists", &school.lists}});
    CHECK(parsed() == "T5");
  }
}

TEST_CASE("members of a root of a wrong type or range are refused") {
  CHECK(form_verdict("version", 0) == "T1");
  CHECK(form_verdict("version", -1) == "T1");
  CHECK(form_verdict("version", "1") == "T1");
  CHECK(form_verdict("version", 1.5) == "T1");
  CHECK(form_verdict("v", 2) == "T1");
  CHECK(form_verdict("issued", Json()) == "T1");
  CHECK(form_verdict("expires", 999) == "T1");  // before it was issued
  CHECK(form_verdict("keys", Json::Array{}) == "T1");
  CHECK(form_verdict("roles", 7) == "T1");
  CHECK(form_verdict("tls_pins", Json::Array{}) == "T1");
  CHECK(form_verdict("tls_pins", Json::Array{"00"}) == "T1");
  CHECK(form_verdict("servers", Json::Array{"http://127.0.0.1"}) == "T1");
  CHECK(form_verdict("server_box", "zz") == "T1");
  CHECK(form_verdict("school_name", std::string(257, 'x')) == "T1");
}

TEST_CASE("an older device takes a newer root: unknown fields, roles and key types are left out") {
  const TestSchool school;
  Bytes payload = with(make_root_payload(school.root), "anything", "new");
  Json::Object roles = *(*parse_json(as_text(payload)))["roles"].as_object();
  roles["printing"] = Json::Object{{"threshold", 1}, {"keys", Json::Array{"who-knows"}}};
  Json::Object keys = *(*parse_json(as_text(payload)))["keys"].as_object();
  keys["who-knows"] = Json::Object{{"type", "ml-dsa-65"}, {"public", "new"}};
  payload = with(with(payload, "roles", std::move(roles)), "keys", std::move(keys));
  const auto root = parse_root(payload);
  REQUIRE(root);
  CHECK(root->roles.size() == school.root.roles.size());
  CHECK(root->keys.size() == school.root.keys.size());
}

TEST_CASE("the escrow key is a recipient whatever was asked for") {
  TestSchool school;
  const BoxKey escrow = make_box_key(random_key());
  school.root.recipients[key_id(escrow.public_key)] = {escrow.public_key, "safe", "escrow"};
  const std::vector<std::string> technician = {"technician"}, both = {"safeguarding", "technician"};
  CHECK(recipients_of(school.root, technician).size() == 1);
  CHECK(recipients_of(school.root, both).size() == 2);
}

TEST_CASE("a generation goes up by one or stays, and is part of what is signed", "[R7]") {
  const TestSchool school;
  Root next = next_root(school);
  next.policy_generation = 1;
  CHECK(next_verdict(school, next, {&school.head, &school.deputy}) == "verified");
  CHECK(parse_root(make_root_payload(next))->policy_generation == 1);
  next.policy_generation = 2;
  CHECK(next_verdict(school, next, {&school.head, &school.deputy}) == "T13");
  next.policy_generation = 0;
  next.lists_generation = 7;
  CHECK(next_verdict(school, next, {&school.head, &school.deputy}) == "T13");
  next.lists_generation = 1;
  const auto second = school.verified().open_next({envelope_of(PayloadType::kRoot, make_root_payload(next), {&school.head, &school.deputy})});
  REQUIRE(second);
  Root third = next;
  third.version = 3;
  third.lists_generation = 0;
  CHECK(verdict(second->open_next({envelope_of(PayloadType::kRoot, make_root_payload(third), {&school.head, &school.deputy})})) == "T13");
  CHECK(form_verdict("generations", Json::Object{{"policy", -1}, {"lists", 0}}) == "T1");
  CHECK(form_verdict("generations", Json::Object{{"policy", 1}}) == "T1");
}
