#include "agent/cli/policy_file.h"

#include <catch2/catch.hpp>

#include "platform/files.h"
#include "tests/unit/platform/temporary_folder.h"
#include "tests/unit/policy/test_set.h"

using namespace caretaker;
using namespace caretaker::agent;
using policy::Diagnostic;

TEST_CASE("a complaint is printed as compilers print theirs") {
  CHECK(format_diagnostic("p.toml", {Diagnostic::Level::kError, 3, 9, "groups.a.youtube", "expected x"}) ==
        "p.toml:3:9: error: groups.a.youtube: expected x\n");
  CHECK(format_diagnostic("p.toml", {Diagnostic::Level::kWarning, 0, 0, "", "as a whole"}) ==
        "p.toml: warning: as a whole\n");
}

TEST_CASE("a policy is read from its file, or the error names the file and what to do") {
  const auto policy = read_policy_file(CARETAKER_SOURCE_DIR "/policy/examples/primary-school.toml");
  REQUIRE(policy);
  const std::string summary = make_policy_summary(*policy);
  CHECK(summary.find("Hillside Primary School: 4 groups") == 0);
  CHECK(summary.find("pupils (OS group pupils): ") != std::string::npos);
  CHECK(summary.find("device (everybody else): ") != std::string::npos);
  CHECK(summary.find("illegal content is blocked for everybody") != std::string::npos);
  TemporaryFolder folder;
  CHECK(read_policy_file(folder / "gone.toml").error().message.find("gone.toml") != std::string::npos);
  REQUIRE(platform::replace_file(folder / "bad.toml", as_bytes("school = 1\n"), 0600));
  CHECK(read_policy_file(folder / "bad.toml").error().message.find("caretaker policy check") != std::string::npos);
  REQUIRE(platform::replace_file(folder / "huge.toml", Bytes(2u << 20, '#'), 0600));
  CHECK(read_policy_text(folder / "huge.toml").error().code == ErrorCode::kTooLarge);
}

TEST_CASE("a blocked category that no list has is noticed", "[R4]") {
  const policy::TestSet set({{"adult", {"adult.example"}}, {"gaming", {}}});
  policy::Policy policy;
  policy.groups.resize(1);
  policy.groups[0].name = "pupils";
  policy.groups[0].blocked_categories = {"adult", "gaming", "gambling"};
  const auto found = check_categories(policy, set.view);
  REQUIRE(found.size() == 2);
  CHECK(found[0].level == Diagnostic::Level::kWarning);
  CHECK(found[0].field == "groups.pupils.blocked_categories");
  CHECK(found[0].message.find("\"gambling\"") != std::string::npos);
  CHECK(found[1].message.find("\"gaming\"") != std::string::npos);
}
