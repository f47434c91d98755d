#include "agent/guard/trust_updates.h"

#include <catch2/catch.hpp>

#include <fstream>

#include "tests/unit/agent/guard_world.h"
#include "tests/unit/policy/test_set.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

std::string with_allowed(const std::string& name) {
  std::string text = kPolicyText;
  const std::string line = "blocked_categories = [\"gambling\"]\n";
  return text.replace(text.find(line), line.size(), line + "allow = [\"" + name + "\"]\n");
}

Bytes damaged(const std::filesystem::path& path) {
  Bytes bytes = must(platform::read_file(path, 64u << 20));
  bytes[bytes.size() / 2] ^= 1;
  return bytes;
}

void damage(const std::filesystem::path& path) { must(platform::replace_file(path, damaged(path), 0600)); }

std::filesystem::path set_file(const GuardWorld& world) {
  for (const auto& entry : std::filesystem::directory_iterator(world.settings.state / "trust")) {
    if (entry.path().filename().string().starts_with("set.")) return entry.path();
  }
  FAIL("no set file");
  return {};
}

// Whose last part holds nothing but names: the others are looked at when a set is opened.
Bytes large_set() {
  auto names = some_names();
  for (int i = 0; i < 5000; ++i) names["gambling"].push_back("more" + std::to_string(i) + ".example");
  return make_set(names);
}

// In the file that is mapped, not in another in its place.
void spoil_last_name(const std::filesystem::path& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto at = static_cast<std::streamoff>(policy::size_without_checks(std::filesystem::file_size(path)) - 1);
  file.seekg(at);
  const auto spoilt = static_cast<char>(file.peek() ^ 0x40);  // its hash, still in order
  file.seekp(at);
  file.put(spoilt).flush();
}

void walk(GuardWorld& world) {
  while (world.guard->is_checking_set()) world.guard->check_set_part();
}

}  // namespace

TEST_CASE("nothing is answered before policy and lists are there, then both are", "[R10]") {
  GuardWorld world;
  CHECK(world.filter().state == FilterState::kNotEnrolled);
  world.enrol();
  CHECK(world.filter().state == FilterState::kIncomplete);
  world.give(world.room.policy(1, kPolicyText));
  CHECK(world.filter().state == FilterState::kIncomplete);
  world.give({}, world.room.lists(1, world.set));
  CHECK(world.filter().state == FilterState::kIncomplete);
  REQUIRE(world.offer(world.set));
  const FilterAnswer filter = world.filter();
  CHECK(filter.state == FilterState::kReady);
  CHECK(filter.policy_toml == kPolicyText);
  CHECK(world.ask_well(GuardWorld::kNet, Ask::kWaitFilter, make_wait_filter(filter.revision), parse_wait_filter_answer).is_current);
  CHECK_FALSE(world.ask_well(GuardWorld::kNet, Ask::kWaitFilter, make_wait_filter({}), parse_wait_filter_answer).is_current);
  CHECK(world.noted("policy.applied v1"));
  CHECK(world.noted("lists.applied v1"));
}

TEST_CASE("what was in force is in force after a restart, verified again") {
  GuardWorld world;
  world.serve();
  const Revision revision = world.filter().revision;
  world.start();
  CHECK(world.filter().state == FilterState::kReady);
  CHECK(world.filter().revision == revision);
}

TEST_CASE("a policy that nobody who may has signed is refused, and the one in force stays", "[R7]") {
  GuardWorld world;
  world.serve();
  const Revision revision = world.filter().revision;
  const auto& school = world.room.school;
  const SigningKey stranger = sync::test::new_key();
  world.give(world.room.policy(2, kPolicyText, {{&stranger}, 1000, {}}));
  CHECK(world.noted("policy.refused E6"));
  world.give(world.room.policy(2, kPolicyText, {{&school.server}, 1000, {}}));
  world.give(world.room.policy(2, kPolicyText, {{&school.lists}, 1000, {}}));
  world.give(world.room.policy(2, kPolicyText, {{}, 1000, hash(as_bytes("another school"))}));
  CHECK(world.noted("policy.refused B4"));
  world.give(world.room.lists(2, world.set));  // in the policy's place
  world.give(to_bytes("{}"), to_bytes("rubbish"), {to_bytes("[]")});
  Bytes changed = world.room.policy(2, kPolicyText);
  changed[changed.size() / 3] ^= 1;
  world.give(changed);
  CHECK(world.filter().revision == revision);
  CHECK(world.status().policy_version == 1);
}

TEST_CASE("an older policy, and one that has expired, are refused", "[R7]") {
  GuardWorld world;
  world.serve();
  world.give(world.room.policy(5, kPolicyText));
  CHECK(world.status().policy_version == 5);
  world.give(world.room.policy(4, kPolicyText));
  world.give(world.room.policy(5, std::string(kPolicyText) + "# same version, other text\n"));
  CHECK(world.noted("policy.refused B5"));
  const Bytes short_lived = world.room.policy(6, kPolicyText, {{}, 100, {}});
  world.clock.time += 200;
  world.give(short_lived);
  CHECK(world.noted("policy.refused B6"));
  CHECK(world.status().policy_version == 5);
}

TEST_CASE("a clock set back does not bring an expired policy in again", "[R7]") {
  GuardWorld world;
  world.serve();
  const Bytes short_lived = world.room.policy(3, kPolicyText, {{}, 100, {}});
  world.clock.time += 1000;
  world.give(world.room.policy(2, kPolicyText));  // its signed time is the floor now
  world.clock.time -= 100'000;
  world.give(short_lived);
  CHECK(world.status().policy_version == 2);
}

TEST_CASE("a signed text that is no usable policy is refused") {
  GuardWorld world;
  world.serve();
  world.give(world.room.policy(2, "school = \"Test School\"\n[groups.pupils]\nyoutube = 7\n"));
  CHECK(world.noted("policy.refused A1"));
  CHECK(world.status().policy_version == 1);
}

TEST_CASE("a weaker policy needs two holders, a stricter one needs one", "[R7]") {
  GuardWorld world;
  world.serve();
  const auto& school = world.room.school;
  const std::string weaker = with_allowed("casino.example");
  world.give(world.room.policy(2, weaker));
  CHECK(world.noted("policy.refused A2"));
  CHECK(world.status().policy_version == 1);
  world.give(world.room.policy(2, weaker, {{&school.technician, &school.second_technician}, 1000, {}}));
  CHECK(world.status().policy_version == 2);
  world.give(world.room.policy(3, kPolicyText));
  CHECK(world.status().policy_version == 3);
}

TEST_CASE("an expired policy goes on, and is said to be stale", "[R10]") {
  GuardWorld world;
  world.serve();
  CHECK(world.status().stale_since == 0);
  const UnixSeconds expired = world.clock.time - 60 + 30 * 86'400;
  world.clock.time += 40 * 86'400;
  CHECK(world.filter().state == FilterState::kReady);
  CHECK(world.status().stale_since == expired);
  CHECK_FALSE(world.healthy("policy-stale"));
  const auto request = world.next_request();
  REQUIRE(request);
  CHECK(request->batch.state["stale_since"].as_int() != nullptr);
}

TEST_CASE("a device that was away walks all the roots in between, and none can be left out") {
  GuardWorld world;
  world.serve();
  const Bytes second = world.room.next_root();
  const Bytes third = world.room.next_root();
  world.give({}, {}, {third});
  CHECK(world.status().root_version == 1);
  CHECK(world.noted("root.refused T8"));
  world.give({}, {}, {second, third});
  CHECK(world.status().root_version == 3);
  world.start();
  CHECK(world.status().root_version == 3);
}

TEST_CASE("a policy whose signer a later root takes away stays in force, and it shows") {
  GuardWorld world;
  world.serve();
  auto& school = world.room.school;
  const SigningKey newcomer = sync::test::new_key();
  school.give(sync::Role::kPolicy, 1, {{"newcomer", &newcomer}});
  world.give({}, {}, {world.room.next_root()});
  world.start();
  CHECK(world.filter().state == FilterState::kReady);
  CHECK_FALSE(world.healthy("policy-signer-gone"));
  world.give(world.room.policy(2, kPolicyText));  // by the technician of before
  CHECK(world.status().policy_version == 1);
  world.give(world.room.policy(2, kPolicyText, {{&newcomer}, 1000, {}}));
  CHECK(world.status().policy_version == 2);
  CHECK(world.healthy("policy-signer-gone"));
}

TEST_CASE("a policy damaged on disk, and its copy, falls back to the one before, and the same version may come again") {
  GuardWorld world;
  world.serve();
  const Bytes second = world.room.policy(2, kPolicyText);
  world.give(second);
  for (const char* name : {"policy.json", "policy.copy.json"}) damage(world.settings.state / "trust" / name);
  world.start();
  CHECK(world.status().policy_version == 1);
  CHECK_FALSE(world.healthy("policy-damaged"));
  world.give(second);
  CHECK(world.status().policy_version == 2);
  CHECK(world.healthy("policy-damaged"));
  for (const char* name : {"policy.json", "policy.copy.json"}) damage(world.settings.state / "trust" / name);
  damage(world.settings.state / "trust" / "policy.previous.json");
  world.start();
  CHECK(world.filter().state == FilterState::kIncomplete);
  world.give(world.room.policy(1, kPolicyText));  // older than what was accepted once
  CHECK(world.status().policy_version == 0);
  world.give(second);
  CHECK(world.status().policy_version == 2);
}

TEST_CASE("a damaged set file is not used, and is asked for again") {
  GuardWorld world;
  world.serve();
  damage(set_file(world));
  world.start();
  CHECK(world.filter().state == FilterState::kIncomplete);
  const auto uplink = world.ask_well(GuardWorld::kNet, Ask::kGetUplink, {}, parse_uplink_answer);
  REQUIRE(uplink.wanted);
  CHECK(uplink.wanted->file == hash(world.set));
  REQUIRE(world.offer(world.set));
  CHECK(world.filter().state == FilterState::kReady);
}

TEST_CASE("a stored set is in force at once after a start, and what the walk then finds damaged is given to nobody", "[R10]") {
  GuardWorld world;
  world.set = large_set();
  world.serve();
  const Revision revision = world.filter().revision;
  world.start();
  CHECK(world.guard->is_checking_set());
  CHECK(world.filter().state == FilterState::kReady);
  walk(world);
  CHECK(world.filter().revision == revision);

  spoil_last_name(set_file(world));
  world.start();
  CHECK(world.filter().state == FilterState::kReady);
  walk(world);
  CHECK(world.filter().state == FilterState::kIncomplete);
  CHECK_FALSE(world.healthy("lists-damaged"));
  CHECK(world.noted("guard.health lists-damaged"));
  REQUIRE(world.offer(world.set));
  CHECK(world.healthy("lists-damaged"));
  CHECK(world.filter().state == FilterState::kReady);
  CHECK(world.filter().revision != revision);  // the same names, but not the file that net has mapped
}

TEST_CASE("a set file that loses a bit while it is in force is found out within a day") {
  GuardWorld world;
  world.serve();
  REQUIRE_FALSE(world.guard->is_checking_set());
  spoil_last_name(set_file(world));
  world.guard->tick();
  CHECK_FALSE(world.guard->is_checking_set());
  world.clock.time += 86'400;
  world.guard->tick();
  CHECK(world.guard->is_checking_set());
  walk(world);
  CHECK_FALSE(world.healthy("lists-damaged"));
  CHECK(world.filter().state == FilterState::kIncomplete);
}

TEST_CASE("net has the set file gone over when it finds a part damaged, once in ten minutes", "[R4]") {
  GuardWorld world;
  world.set = large_set();
  world.serve();
  must(world.ask(GuardWorld::kNet, Ask::kCheckSet));
  CHECK(world.guard->is_checking_set());
  walk(world);
  CHECK(world.filter().state == FilterState::kReady);  // nothing was wrong with it
  spoil_last_name(set_file(world));
  must(world.ask(GuardWorld::kNet, Ask::kCheckSet));
  CHECK_FALSE(world.guard->is_checking_set());
  world.clock.time += 600;
  must(world.ask(GuardWorld::kNet, Ask::kCheckSet));
  walk(world);
  CHECK(world.filter().state == FilterState::kIncomplete);
  CHECK(world.noted("guard.health lists-damaged"));
  REQUIRE(world.offer(world.set));
  CHECK(world.filter().state == FilterState::kReady);
}

TEST_CASE("a set file that is cut off under the guard is damage, and does not end it") {
  GuardWorld world;
  world.set = large_set();
  world.serve();
  std::filesystem::resize_file(set_file(world), 8192);
  must(world.ask(GuardWorld::kNet, Ask::kCheckSet));
  walk(world);
  CHECK(world.filter().state == FilterState::kIncomplete);
  world.start();
  CHECK(world.filter().state == FilterState::kIncomplete);
  REQUIRE(world.offer(world.set));
}

TEST_CASE("an offer is measured against a set that has been gone over") {
  GuardWorld world;
  world.serve();
  world.start();
  auto names = some_names();
  names["gambling"].push_back("one-more.example");
  const auto set = make_set(names);
  world.give({}, world.room.lists(2, set));
  REQUIRE(world.offer(set));
  CHECK_FALSE(world.guard->is_checking_set());
}

TEST_CASE("only the set file that the signed manifest names is installed", "[R7]") {
  GuardWorld world;
  world.enrol();
  CHECK(world.offer(world.set).error().code == ErrorCode::kNotFound);
  world.give(world.room.policy(1, kPolicyText), world.room.lists(1, world.set));
  Bytes longer = world.set;
  longer.push_back(0);
  CHECK_FALSE(world.offer(longer));
  CHECK_FALSE(world.offer(ByteView(world.set).first(world.set.size() - 1)));
  NamesByCategory names = some_names();
  names["gambling"][0] = "cazino.example";  // as long, another name
  const Bytes other = make_set(names);
  REQUIRE(other.size() == world.set.size());
  CHECK(world.offer(other).error().code == ErrorCode::kUnauthentic);
  for (const std::size_t at : {std::size_t{9}, world.set.size() / 2, world.set.size() - 1}) {
    Bytes changed = world.set;
    changed[at] ^= 1;
    CHECK_FALSE(world.offer(changed));
  }
  CHECK(world.filter().state == FilterState::kIncomplete);
  CHECK(world.offer(world.set));
  CHECK(world.filter().state == FilterState::kReady);
}

TEST_CASE("after a refused offer the guard takes none for a while") {
  GuardWorld world;
  world.enrol();
  world.give(world.room.policy(1, kPolicyText), world.room.lists(1, world.set));
  CHECK_FALSE(world.offer(to_bytes("rubbish")));
  world.clock.time -= 60;  // offer() goes on by a minute
  CHECK(world.offer(world.set).error().code == ErrorCode::kUnavailable);
  CHECK(world.offer(world.set));
}

TEST_CASE("names exchanged under the manifest's counts need a technician's signature too", "[R7]") {
  GuardWorld world;
  world.serve();
  NamesByCategory names = some_names();
  for (std::size_t i = 0; i < 20; ++i) names["gambling"][i] = "harmless" + std::to_string(i) + ".example";
  const Bytes other = make_set(names);
  world.give({}, world.room.lists(2, other));
  const auto refused = world.offer(other);
  REQUIRE_FALSE(refused);
  CHECK(rule_of(refused.error()) == "A4");
  CHECK(world.status().lists_version == 1);
  const auto& school = world.room.school;
  world.give({}, world.room.lists(3, other, {{&school.lists, &school.technician}, 1000, {}}));
  CHECK(world.offer(other));
  CHECK(world.status().lists_version == 3);
}

namespace {

// A list publisher who has nothing but the lists key, and adds names.
struct Publisher {
  GuardWorld world;
  NamesByCategory names = some_names();
  std::int64_t version = 1;
  int added = 0;

  Publisher() { world.serve(); }
  // "" where the device has taken them.
  std::string add(int count, bool countersigned = false) {
    NamesByCategory more = names;
    for (int i = 0; i < count; ++i) more["gambling"].push_back("more" + std::to_string(added + i) + ".example");
    const Bytes set = make_set(more);
    const auto& school = world.room.school;
    SigningRoom::Options options;
    if (countersigned) options.signers = {&school.lists, &school.technician};
    const auto refusals = std::ranges::count(world.book(), "lists.refused B9");
    world.give({}, world.room.lists(++version, set, options));
    if (std::ranges::count(world.book(), "lists.refused B9") > refusals) return "B9";
    const auto taken = world.offer(set);
    if (!taken) return rule_of(taken.error());
    names = std::move(more);
    added += count;
    return "";
  }
};

}  // namespace

TEST_CASE("little by little the publisher's key changes no more in a day than at once, over a restart too", "[R7]") {
  Publisher publisher;  // of 103 names
  CHECK(publisher.add(3).empty());
  CHECK(publisher.add(2).empty());
  CHECK(publisher.add(1) == "A4");
  publisher.world.start();
  CHECK(publisher.add(1) == "A4");
  publisher.world.clock.time += 12 * 3600;
  CHECK(publisher.add(1) == "A4");
  CHECK(publisher.add(30, true).empty());  // a technician wants it
  publisher.world.clock.time += 13 * 3600;
  CHECK(publisher.add(1).empty());
}

TEST_CASE("a device that was away takes at once what the others took day by day", "[R7]") {
  Publisher publisher;
  CHECK(publisher.add(12) == "B9");
  publisher.world.clock.time += 3 * 86'400;
  CHECK(publisher.add(12).empty());
  CHECK(publisher.add(12) == "not-found");  // it is here again: refused, and no file is waited for (the book counts repeats)
  publisher.world.clock.time += 151 * 86'400;
  CHECK(publisher.add(400).empty());
  CHECK(publisher.world.status().lists_version == publisher.version);
}

TEST_CASE("lists of an away device that wait for their file still wait after a restart", "[R7]") {
  GuardWorld world;
  world.serve();
  world.clock.time += 3 * 86'400;
  NamesByCategory names = some_names();
  for (int i = 0; i < 12; ++i) names["gambling"].push_back("more" + std::to_string(i) + ".example");
  const Bytes set = make_set(names);
  world.give({}, world.room.lists(2, set));
  world.start();
  CHECK_FALSE(world.healthy("lists-waiting"));
  CHECK(world.healthy("lists-waiting-damaged"));
  CHECK(world.offer(set));
  CHECK(world.status().lists_version == 2);
}

TEST_CASE("lists with the content that is here already need no file") {
  GuardWorld world;
  world.serve();
  world.give({}, world.room.lists(2, world.set));
  CHECK(world.status().lists_version == 2);
  CHECK_FALSE(world.ask_well(GuardWorld::kNet, Ask::kGetUplink, {}, parse_uplink_answer).wanted);
}

TEST_CASE("while new lists wait for their file the old ones stay in force, over a restart too") {
  GuardWorld world;
  world.serve();
  NamesByCategory names = some_names();
  names["gambling"].push_back("new.example");
  const Bytes newer = make_set(names);
  world.give({}, world.room.lists(2, newer));
  world.start();
  CHECK(world.filter().state == FilterState::kReady);
  CHECK(world.status().lists_version == 1);
  CHECK_FALSE(world.healthy("lists-waiting"));
  CHECK(world.offer(newer));
  CHECK(world.status().lists_version == 2);
  world.start();
  CHECK(world.status().lists_version == 2);
  CHECK(world.healthy("lists-waiting"));
}

TEST_CASE("a stolen key's version without a successor, and its time, are left behind by the root's next generation", "[R7]") {
  GuardWorld world;
  world.serve();
  const UnixSeconds now = world.clock.time;
  world.clock.time += 100ll * 365 * 86'400;  // so the thief signs
  const Bytes ahead = world.room.policy(sync::kMaxInteger, kPolicyText);
  world.clock.time = now;
  world.give(ahead);
  CHECK(world.status().policy_version == sync::kMaxInteger);
  world.give(world.room.policy(3, kPolicyText));
  CHECK(world.noted("policy.refused B5"));
  const Bytes former = world.room.policy(4, kPolicyText);
  ++world.room.school.root.policy_generation;
  world.give({}, {}, {world.room.next_root()});
  CHECK(world.status().policy_version == sync::kMaxInteger);  // never off
  for (const bool restarted : {false, true}) {
    if (restarted) world.start();
    world.give(former);
    world.give(ahead);
    CHECK(world.status().policy_version == sync::kMaxInteger);
  }
  CHECK(world.noted("policy.refused B10"));
  world.give(world.room.policy(1, kPolicyText));
  CHECK(world.status().policy_version == 1);
  world.start();
  CHECK(world.status().policy_version == 1);
  world.give(ahead);
  world.give(world.room.policy(1, std::string(kPolicyText) + "# again\n"));
  CHECK(world.status().policy_version == 1);
  world.give(world.room.policy(2, kPolicyText));
  CHECK(world.status().policy_version == 2);
}

TEST_CASE("lists of a former generation are not waited for, and the next begin at any version", "[R7]") {
  GuardWorld world;
  world.serve();
  const Bytes ahead = world.room.lists(sync::kMaxInteger, make_set({{"gambling", {"other.example"}}, {"illegal", {"worst.example"}}}),
                                       {{&world.room.school.lists, &world.room.school.technician}, 1000, {}});
  world.give({}, ahead);
  CHECK_FALSE(world.healthy("lists-waiting"));
  ++world.room.school.root.lists_generation;
  world.give({}, {}, {world.room.next_root()});
  CHECK(world.healthy("lists-waiting"));
  CHECK(world.status().lists_version == 1);
  world.start();
  CHECK(world.healthy("lists-waiting"));
  world.give({}, ahead);
  CHECK(world.noted("lists.refused B10"));
  world.give({}, world.room.lists(1, world.set));
  CHECK(world.status().lists_version == 1);
  CHECK(world.healthy("lists-signer-gone"));
  world.give({}, world.room.lists(2, world.set));
  CHECK(world.status().lists_version == 2);
}

TEST_CASE("an expired root is kept, and it shows", "[R7]") {
  GuardWorld world;
  world.serve();
  CHECK(world.healthy("root-stale"));
  world.clock.time = world.room.school.root.expires + 1;
  CHECK_FALSE(world.healthy("root-stale"));
  CHECK(world.filter().state == FilterState::kReady);
  world.give(world.room.policy(2, kPolicyText));
  CHECK(world.status().policy_version == 2);
}

TEST_CASE("the number of a check is taken from a refusal, else its code's name") {
  CHECK(rule_of(make_error(ErrorCode::kStale, "B5: not newer")) == "B5");
  CHECK(rule_of(make_error(ErrorCode::kUnauthentic, "T10: root")) == "T10");
  CHECK(rule_of(make_error(ErrorCode::kFull, "no space: disk")) == "full");
  CHECK(rule_of(make_error(ErrorCode::kFull, "")) == "full");
}
