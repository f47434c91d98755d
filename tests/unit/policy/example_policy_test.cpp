#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "policy/policy.h"

using namespace caretaker::policy;

TEST_CASE("the primary school's policy has nothing to complain of", "[R4][R5][R9][R11]") {
  std::ifstream file(CARETAKER_SOURCE_DIR "/policy/examples/primary-school.toml");
  REQUIRE(file);
  std::stringstream text;
  text << file.rdbuf();
  const ParsedPolicy parsed = parse_policy(text.str(), Strictness::kTechnician);
  for (const Diagnostic& d : parsed.diagnostics) FAIL_CHECK(d.line << ": " << d.field << ": " << d.message);
  REQUIRE(parsed.policy.groups.size() == 4);
  CHECK(group_of(parsed.policy, "ada", {"pupils"}).name == "pupils");
  CHECK(group_of(parsed.policy, "", {}).name == "device");
}
