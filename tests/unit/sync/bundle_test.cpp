#include "sync/bundle.h"

#include <catch2/catch.hpp>

#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using namespace caretaker::sync::test;

namespace {

constexpr UnixSeconds kNow = 1'800'000'000;

struct Signing {
  TestSchool school;
  PolicyBundle policy{7, kNow, kNow + 30 * 86'400, {}, "school = \"Test\"\n"};
  ListsManifest lists;

  Signing() {
    lists.version = 4;
    lists.issued = kNow;
    lists.expires = kNow + 86'400;
    lists.content = Hash{1};
    lists.locked_content = Hash{2};
    lists.file = Hash{3};
    lists.names = 1'000;
    lists.locked_names = 10;
    lists.file_size = 300'000;
    lists.categories = {{"gambling", {990, false}}, {"illegal", {10, true}}};
  }

  std::string policy_verdict(std::initializer_list<const SigningKey*> keys, std::int64_t floor = 0, UnixSeconds now = kNow) const {
    const Bytes payload = make_policy_payload(school.root.school, policy);
    return verdict(open_policy({envelope_of(PayloadType::kPolicy, payload, keys)}, school.verified(), floor, now));
  }
  std::string lists_verdict(std::initializer_list<const SigningKey*> keys, const std::optional<ListsManifest>& current = {}) const {
    const Bytes payload = make_lists_payload(school.root.school, lists);
    return verdict(open_lists({envelope_of(PayloadType::kLists, payload, keys)}, school.verified(), current, kNow));
  }
};

}  // namespace

TEST_CASE("a technician's policy opens and says who signed it", "[R7]") {
  const Signing signing;
  const Bytes payload = make_policy_payload(signing.school.root.school, signing.policy);
  const auto opened = open_policy({envelope_of(PayloadType::kPolicy, payload, {&signing.school.technician})},
                                  signing.school.verified(), 6, kNow);
  REQUIRE(opened);
  CHECK(opened->bundle().version == 7);
  CHECK(opened->bundle().policy_toml == "school = \"Test\"\n");
  CHECK(opened->signers() == std::set<KeyId>{key_id(signing.school.technician.public_key)});
}

TEST_CASE("nobody but the policy role signs policies", "[R7]") {
  const Signing signing;
  const TestSchool& school = signing.school;
  for (const SigningKey* other : {&school.head, &school.lists, &school.server, &school.safeguarding}) {
    CHECK(signing.policy_verdict({other}) == "E6");
  }
  CHECK(signing.policy_verdict({&school.technician}) == "verified");
}

TEST_CASE("where the root wants two technicians, one with two keys is not enough") {
  Signing signing;
  const SigningKey spare = new_key();
  TestSchool& school = signing.school;
  school.give(Role::kPolicy, 2, {{"technician", &school.technician}, {"technician", &spare}, {"second", &school.second_technician}});
  school.root.school = hash(make_root_payload(school.root));
  CHECK(signing.policy_verdict({&school.technician, &spare}) == "B3");
  CHECK(signing.policy_verdict({&school.technician, &school.second_technician}) == "verified");
}

TEST_CASE("an old, expired or foreign policy is refused") {
  Signing signing;
  const SigningKey* key = &signing.school.technician;
  CHECK(signing.policy_verdict({key}, 6) == "verified");
  CHECK(signing.policy_verdict({key}, 7) == "B5");
  CHECK(signing.policy_verdict({key}, 8) == "B5");
  CHECK(signing.policy_verdict({key}, 0, signing.policy.expires - 1) == "verified");
  CHECK(signing.policy_verdict({key}, 0, signing.policy.expires) == "B6");
  CHECK(signing.policy_verdict({key}, 0, 0) == "verified");  // read back from disk
  const Bytes foreign = make_policy_payload(Hash{9}, signing.policy);
  CHECK(verdict(open_policy({envelope_of(PayloadType::kPolicy, foreign, {key})}, signing.school.verified(), 0, kNow)) == "B4");
}

TEST_CASE("a policy cannot be passed off as lists, nor lists as a policy") {
  const Signing signing;
  const TestSchool& school = signing.school;
  const Bytes policy = envelope_of(PayloadType::kPolicy, make_policy_payload(school.root.school, signing.policy), {&school.technician});
  CHECK(verdict(open_lists({policy}, school.verified(), {}, kNow)) == "E3");
  const Bytes lists = envelope_of(PayloadType::kLists, make_lists_payload(school.root.school, signing.lists), {&school.lists});
  CHECK(verdict(open_policy({lists}, school.verified(), 0, kNow)) == "E3");
}

TEST_CASE("an older device takes unknown fields, but not an unknown critical feature") {
  Signing signing;
  const TestSchool& school = signing.school;
  const Bytes payload = with(make_policy_payload(school.root.school, signing.policy), "colour", "green");
  CHECK(verdict(open_policy({envelope_of(PayloadType::kPolicy, payload, {&school.technician})}, school.verified(), 0, kNow)) == "verified");
  signing.policy.critical = {"time-travel"};
  CHECK(signing.policy_verdict({&school.technician}) == "B7");
}

TEST_CASE("a bundle that would live for ever, or was never issued, is refused") {
  Signing signing;
  signing.policy.expires = signing.policy.issued + 401 * 86'400;
  CHECK(signing.policy_verdict({&signing.school.technician}) == "B1");
  signing.policy.expires = signing.policy.issued - 1;
  CHECK(signing.policy_verdict({&signing.school.technician}) == "B1");
  signing.lists.expires = signing.lists.issued + 401 * 86'400;
  CHECK(signing.lists_verdict({&signing.school.lists}) == "B2");
}

TEST_CASE("lists come back as they were made, and from a draft") {
  const Signing signing;
  const Bytes payload = make_lists_payload(signing.school.root.school, signing.lists);
  const auto opened = open_lists({envelope_of(PayloadType::kLists, payload, {&signing.school.lists})}, signing.school.verified(), {}, kNow);
  REQUIRE(opened);
  CHECK(make_lists_payload(signing.school.root.school, opened->manifest()) == payload);
  CHECK_FALSE(opened->countersigned());
  const auto draft = parse_lists_draft(make_lists_draft(signing.lists));
  REQUIRE(draft);
  CHECK(draft->content == signing.lists.content);
  CHECK(draft->version == 0);
}

TEST_CASE("lists need the lists role, whoever else signs") {
  const Signing signing;
  CHECK(signing.lists_verdict({&signing.school.technician}) == "B3");
  CHECK(signing.lists_verdict({&signing.school.head}) == "E6");
  CHECK(signing.lists_verdict({&signing.school.lists}) == "verified");
}

TEST_CASE("the locked class cannot be emptied by any signature", "[R7]") {
  Signing signing;
  const ListsManifest before = signing.lists;
  const TestSchool& school = signing.school;
  signing.lists.version = 5;
  signing.lists.locked_content = Hash{8};
  SECTION("category gone") { signing.lists.categories.erase("illegal"); }
  SECTION("category empty") { signing.lists.categories["illegal"].names = 0; }
  SECTION("category no longer locked") { signing.lists.categories["illegal"].locked = false; }
  SECTION("none left") { signing.lists.locked_names = 0; signing.lists.categories["illegal"] = {0, true}; }
  CHECK(signing.lists_verdict({&school.lists}, before) == "B8");
  CHECK(signing.lists_verdict({&school.lists, &school.technician, &school.second_technician}, before) == "B8");
}

TEST_CASE("a change of the locked class, or of more than 5 %, needs a technician's signature too", "[R7]") {
  Signing signing;
  const ListsManifest before = signing.lists;
  const TestSchool& school = signing.school;
  signing.lists.version = 5;
  SECTION("locked class") { signing.lists.locked_content = Hash{8}; }
  SECTION("grown") { signing.lists.names = 1'051; signing.lists.categories["gambling"].names = 1'041; }
  SECTION("shrunk") { signing.lists.names = 949; signing.lists.categories["gambling"].names = 939; }
  SECTION("moved between categories") {
    signing.lists.categories["gambling"].names = 900;
    signing.lists.categories["games"] = {90, false};
  }
  CHECK(signing.lists_verdict({&school.lists}, before) == "B9");
  CHECK(signing.lists_verdict({&school.lists, &school.technician}, before) == "verified");
}

TEST_CASE("a small change goes with the list publisher's key alone, but only upwards in version") {
  Signing signing;
  const ListsManifest before = signing.lists;
  signing.lists.names = 1'050;
  signing.lists.categories["gambling"].names = 1'040;
  CHECK(signing.lists_verdict({&signing.school.lists}, before) == "B5");
  signing.lists.version = 5;
  CHECK(signing.lists_verdict({&signing.school.lists}, before) == "verified");
}

TEST_CASE("figures of a manifest that contradict each other are refused") {
  Signing signing;
  SECTION("more locked than there are") { signing.lists.locked_names = 1'001; }
  SECTION("a category larger than the whole") { signing.lists.categories["gambling"].names = 1'001; }
  SECTION("a locked category larger than the locked class") { signing.lists.categories["illegal"].names = 11; }
  SECTION("a set file that no device would hold") { signing.lists.file_size = 1ull << 40; }
  CHECK(signing.lists_verdict({&signing.school.lists}) == "B2");
}

TEST_CASE("only what is signed for the root's generation is taken, whatever its version", "[R7]") {
  Signing signing;
  signing.policy.version = 1;
  signing.policy.generation = 1;
  CHECK(signing.policy_verdict({&signing.school.technician}) == "B10");
  signing.lists.generation = 1;
  CHECK(signing.lists_verdict({&signing.school.lists}) == "B10");
  const ListsManifest before = signing.lists;
  signing.school.root.policy_generation = signing.school.root.lists_generation = 1;
  signing.school.root.school = hash(make_root_payload(signing.school.root));
  CHECK(signing.policy_verdict({&signing.school.technician}) == "verified");
  signing.policy.generation = 0;
  CHECK(signing.policy_verdict({&signing.school.technician}) == "B10");
  ListsManifest old = before;
  old.generation = 0;
  old.version = kMaxInteger;
  CHECK(signing.lists_verdict({&signing.school.lists}, old) == "verified");  // versions of another generation do not count
  CHECK(signing.lists_verdict({&signing.school.lists}, before) == "B5");
}
