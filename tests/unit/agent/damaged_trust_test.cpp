// What becomes of a machine whose disk loses bits of the files that make it the school's.
#include <catch2/catch.hpp>

#include "agent/control_gate.h"
#include "tests/unit/agent/fake_sessions.h"
#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;
namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t kGate = 993;

void flip(const fs::path& path) {
  Bytes bytes = must(platform::read_file(path, 64u << 20));
  bytes[bytes.size() / 2] ^= 1;
  must(platform::replace_file(path, bytes, 0600));
}
void empty(const fs::path& path) { must(platform::replace_file(path, {}, 0600)); }
void lose(const fs::path& path) { fs::remove(path); }
void become_a_folder(const fs::path& path) {
  fs::remove(path);
  fs::create_directory(path);
}

constexpr std::array kHarms = {flip, empty, lose, become_a_folder};

struct DamagedWorld : GuardWorld {
  DamagedWorld() {
    settings.gate_uid = kGate;
    start();
  }
  [[nodiscard]] fs::path root(const char* folder_name) const { return settings.state / "trust" / folder_name / "1.json"; }
  [[nodiscard]] GateAnswer gate_hears() {
    return ask_well(kGate, Ask::kReportGate, make_gate_report({{}, Hash{1}, true, {}, 0, {}}), parse_gate_answer);
  }
};

}  // namespace

TEST_CASE("a damaged root is put back from its copy, and its copy from it", "[R10][R11]") {
  const auto harm = GENERATE(from_range(kHarms));
  const auto* where = GENERATE("roots", "roots.copy");
  DamagedWorld world;
  world.serve();
  const Bytes whole = must(platform::read_file(world.root(where), 1u << 20));
  harm(world.root(where));
  world.start();
  CHECK(world.filter().state == FilterState::kReady);
  CHECK(world.status().policy_version == 1);
  CHECK(world.healthy("root-damaged"));
  CHECK(world.gate_hears().word == GateAnswer::Word::kPolicy);
  CHECK(world.next_request());
  CHECK(must(platform::read_file(world.root(where), 1u << 20)) == whole);
}

TEST_CASE("a machine that has lost its root, however, opens nothing, and is whole again with the school's folder", "[R10][R11]") {
  const auto harm = GENERATE(flip, empty);
  DamagedWorld world;
  world.serve();
  harm(world.root("roots"));
  harm(world.root("roots.copy"));
  world.start();
  CHECK(world.filter().state == FilterState::kIncomplete);
  CHECK(world.gate_hears().word == GateAnswer::Word::kUnchanged);
  CHECK_FALSE(world.healthy("root-missing"));
  CHECK_FALSE(world.healthy("root-damaged"));
  CHECK(world.healthy("not-enrolled"));

  sync::CheckinAnswer folder_of_another;
  sync::test::TestSchool another;
  another.root.school_name = "Another School";
  folder_of_another.roots = {another.root_envelope()};
  CHECK_FALSE(world.ask(GuardWorld::kOwner, Ask::kImport, make_take_answer(folder_of_another)));
  CHECK(world.filter().state == FilterState::kIncomplete);

  sync::CheckinAnswer folder_of_school;
  folder_of_school.roots = {world.room.school.root_envelope()};
  must(world.ask(GuardWorld::kOwner, Ask::kImport, make_take_answer(folder_of_school)));
  CHECK(world.filter().state == FilterState::kReady);
  CHECK(world.gate_hears().word == GateAnswer::Word::kPolicy);
  CHECK(world.noted("lists.applied v1"));  // the book of before
  world.check_in();
  world.start();
  CHECK(world.filter().state == FilterState::kReady);
}

TEST_CASE("a machine that has lost its policies opens nothing", "[R10][R11]") {
  DamagedWorld world;
  world.serve();
  world.give(world.room.policy(2, kPolicyText));
  for (const char* name : {"policy.json", "policy.copy.json", "policy.previous.json"}) flip(world.settings.state / "trust" / name);
  world.start();
  CHECK(world.filter().state == FilterState::kIncomplete);
  CHECK(world.gate_hears().word == GateAnswer::Word::kUnchanged);
}

TEST_CASE("a machine that has lost its policies locks idle screens all the same, and whoever may not log in still may not", "[R1][R15]") {
  DamagedWorld world;
  FakeSessions sessions;
  world.settings.sessions = &sessions;
  world.start();
  world.serve();
  world.give(world.room.policy(2, std::string(kPolicyText) + "[suspended]\n\"anna\" = \"" + to_rfc3339(world.clock.time + 86'400) + "\"\n"));
  world.guard->tick();
  for (const char* name : {"policy.json", "policy.copy.json", "policy.previous.json"}) flip(world.settings.state / "trust" / name);
  sessions.there = {{"c1", GuardWorld::kAnna + 1, platform::Session::Kind::kGraphical, "seat0", "tty7", true}};
  world.start();
  sessions.there[0].last_input = world.clock.monotonic_ms();
  world.guard->tick();
  CHECK(world.guard->next_look() <= world.clock.monotonic_ms() + 15'000);
  for (int i = 0; i < 59; ++i, world.guard->tick()) world.clock.time += 10;
  CHECK(sessions.deeds.empty());
  world.clock.time += 10;
  world.guard->tick();
  CHECK(sessions.deeds == std::vector<std::string>{"lock c1"});
  CHECK(as_text(must(platform::read_file(world.settings.state / "refused-logins", 4096))) == "anna\n");
}

TEST_CASE("a damaged policy, lists or floors are put back from their copies: the machine is where it was, and takes what comes", "[R10][R11]") {
  const auto harm = GENERATE(from_range(kHarms));
  const auto* name = GENERATE("policy.json", "policy.copy.json", "lists.json", "lists.copy.json", "floors.json", "floors.copy.json");
  DamagedWorld world;
  world.serve();
  world.give(world.room.policy(2, kPolicyText));
  harm(world.settings.state / "trust" / name);
  world.start();
  CHECK(world.status().policy_version == 2);
  CHECK(world.status().lists_version == 1);
  CHECK(world.filter().state == FilterState::kReady);
  for (const char* code : {"policy-damaged", "policy-behind", "lists-damaged", "floors-damaged"}) CHECK(world.healthy(code));
  world.give(world.room.policy(1, kPolicyText));
  CHECK(world.status().policy_version == 2);
  world.give(world.room.policy(3, kPolicyText));
  CHECK(world.status().policy_version == 3);
}

TEST_CASE("one digit of the floors that has changed does not make a machine refuse what comes", "[R10]") {
  for (const char* member : {"\"policy\":", "\"time\":", "\"lists\":"}) {
    DamagedWorld world;
    world.serve();
    for (const char* name : {"floors.json", "floors.copy.json"}) {
      std::string text(as_text(must(platform::read_file(world.settings.state / "trust" / name, 4096))));
      text[text.find(member) + std::string_view(member).size()] = '9';
      must(platform::replace_file(world.settings.state / "trust" / name, as_bytes(text), 0600));
    }
    world.start();
    CHECK_FALSE(world.healthy("floors-damaged"));
    world.give(world.room.policy(2, kPolicyText));
    CHECK(world.status().policy_version == 2);
    CHECK(world.healthy("floors-damaged"));
  }
}

TEST_CASE("a machine whose newest policy is lost says so, and takes it again", "[R10]") {
  DamagedWorld world;
  world.serve();
  const Bytes second = world.room.policy(2, kPolicyText);
  world.give(second);
  for (const char* name : {"policy.json", "policy.copy.json"}) lose(world.settings.state / "trust" / name);
  world.start();
  CHECK(world.status().policy_version == 1);
  CHECK_FALSE(world.healthy("policy-behind"));
  world.give(second);
  CHECK(world.status().policy_version == 2);
  CHECK(world.healthy("policy-behind"));
}

TEST_CASE("a damaged identity is put back from its copy", "[R10]") {
  const auto harm = GENERATE(from_range(kHarms));
  const auto* name = GENERATE("device.json", "device.copy.json");
  DamagedWorld world;
  world.serve();
  const std::string device = world.status().device;
  harm(world.settings.state / name);
  world.start();
  CHECK(world.status().device == device);
  CHECK(world.healthy("identity-damaged"));
  CHECK(world.filter().state == FilterState::kReady);
  CHECK(world.next_request());
  world.start();
  CHECK(world.status().device == device);
}

TEST_CASE("an identity in which a bit has changed is not another device's", "[R10]") {
  DamagedWorld world;
  world.serve();
  const std::string device = world.status().device;
  const fs::path file = world.settings.state / "device.json";
  std::string text(as_text(must(platform::read_file(file, 1u << 20))));
  char& digit = text[text.find("\"seed\":\"") + 10];
  digit = digit == '1' ? '3' : '1';
  must(platform::replace_file(file, as_bytes(text), 0600));
  world.start();
  CHECK(world.status().device == device);
}

TEST_CASE("an identity whose sum has lost its name is damaged, not one without a sum", "[R10]") {
  DamagedWorld world;
  world.serve();
  const fs::path file = world.settings.state / "device.json";
  const Bytes whole = must(platform::read_file(file, 1u << 20));
  std::string text(as_text(whole));
  text[text.find("\"sum\":") + 1] ^= 1;
  must(platform::replace_file(file, as_bytes(text), 0600));
  world.start();
  CHECK(must(platform::read_file(file, 1u << 20)) == whole);
}

TEST_CASE("a machine that has lost its identity opens nothing, also after the next start", "[R10][R11]") {
  const auto harm = GENERATE(flip, empty, lose);
  DamagedWorld world;
  world.serve();
  harm(world.settings.state / "device.json");
  harm(world.settings.state / "device.copy.json");
  for (int i = 0; i < 2; ++i) {
    world.start();
    CHECK(world.gate_hears().word == GateAnswer::Word::kUnchanged);
    CHECK_FALSE(world.healthy("not-enrolled"));
    CHECK(world.filter().state == FilterState::kIncomplete);
  }
  world.enrol();
  world.give(world.room.policy(1, kPolicyText), world.room.lists(1, world.set));
  REQUIRE(world.offer(world.set));
  CHECK(world.healthy("identity-damaged"));
  CHECK(world.gate_hears().word == GateAnswer::Word::kPolicy);
}

TEST_CASE("a machine that never was a school's says so to the gate", "[R10]") {
  DamagedWorld world;
  CHECK(world.gate_hears().word == GateAnswer::Word::kNoPolicy);
  (void)world.begin_enrolment();
  world.start();
  CHECK(world.gate_hears().word == GateAnswer::Word::kNoPolicy);
}
