// A guard that is told how its machine is kept: what the book, the status and the server hear of it.
#include <catch2/catch.hpp>

#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

struct PostureWorld : GuardWorld {
  PostureFacts facts = {DiskKeeping::kWipeReady, true, {}, Firewall::kOn, true};

  PostureWorld() {
    facts.signatures = facts.updates_asked = clock.now();
    settings.posture = [this] { return facts; };
    start();
  }
  void wait_a_minute() {
    clock.time += 60;
    guard->tick();
  }
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const std::string& line : book()) {
      if (line.starts_with("posture.")) out.push_back(line);
    }
    return out;
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("how the machine is kept is told once, and again only when it has changed", "[R3]") {
  PostureWorld world;
  world.serve();
  for (int i = 0; i < 3; ++i) world.wait_a_minute();
  const Lines first = {"posture.changed antivirus:current", "posture.changed disk:wipe-ready", "posture.changed firewall:on",
                       "posture.changed screen-lock:present", "posture.changed updates:current"};
  CHECK(world.told() == first);
  world.stop();
  world.start();
  for (int i = 0; i < 3; ++i) world.wait_a_minute();
  CHECK(world.told() == first);
  world.facts.firewall = Firewall::kOff;
  for (int i = 0; i < 3; ++i) world.wait_a_minute();
  CHECK(world.told().size() == 6);
  CHECK(world.told().back() == "posture.changed firewall:off");
}

TEST_CASE("what is otherwise for a moment is not told", "[R3]") {
  PostureWorld world;
  world.serve();
  for (int i = 0; i < 2; ++i) world.wait_a_minute();
  const Lines before = world.told();
  world.facts.firewall = Firewall::kUnknown;
  world.wait_a_minute();
  world.facts.firewall = Firewall::kOn;
  for (int i = 0; i < 2; ++i) world.wait_a_minute();
  CHECK(world.told() == before);
}

TEST_CASE("the user and the server are told how the machine is kept", "[R3]") {
  PostureWorld world;
  world.serve();
  world.facts.disk = DiskKeeping::kNotEncrypted;
  world.wait_a_minute();
  const auto rows = world.status().posture;
  REQUIRE(rows.size() == 5);
  CHECK(rows[1] == PostureRow{"disk", "not-encrypted"});
  const auto opened = world.next_request();
  REQUIRE(opened);
  CHECK(opened->batch.state["posture"].string_at("disk").value() == "not-encrypted");
}

TEST_CASE("a file of what was told that is damaged is as none") {
  PostureWorld world;
  world.serve();
  for (int i = 0; i < 2; ++i) world.wait_a_minute();
  world.stop();
  REQUIRE(platform::replace_file(world.settings.state / "posture.json", as_bytes("{\"disk\":"), 0600));
  world.start();
  for (int i = 0; i < 2; ++i) world.wait_a_minute();
  CHECK(world.told().size() == 10);
}
