#include "agent/why.h"

#include <catch2/catch.hpp>

#include "agent/cli/list_origin.h"
#include "agent/cli/set_view_file.h"
#include "platform/files.h"
#include "tests/unit/platform/temporary_folder.h"
#include "tests/unit/policy/test_set.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

const policy::TestSet& lists() {
  static const policy::TestSet set({{"adult", {"adult.example"}}, {"illegal", {"evil.example"}}});
  return set;
}

policy::Policy two_groups() {
  policy::Policy policy;
  policy.groups.resize(2);
  policy.groups[0].name = "staff";
  policy.groups[0].users = {"anna"};
  policy.groups[0].os_groups = {"teachers"};
  policy.groups[1].name = "pupils";
  policy.groups[1].is_default = true;
  policy.groups[1].blocked_categories = {"adult"};
  return policy;
}

void write(const std::filesystem::path& path, std::string_view text) {
  REQUIRE(platform::replace_file(path, as_bytes(text), 0600));
}

}  // namespace

TEST_CASE("why answers for the group, the user or whoever is in none", "[R5][R8]") {
  const auto ask = [](const WhyQuestion& question, const std::vector<std::string>& os_groups = {}) {
    return *decide_why(two_groups(), lists().view, question, os_groups);
  };
  const WhyAnswer blocked = ask({"WWW.Adult.Example.", "", ""});
  CHECK(blocked.name == "www.adult.example");
  CHECK(blocked.group == "pupils");
  CHECK(blocked.verdict == "block");
  CHECK(blocked.reason == "category");
  CHECK(blocked.category == "adult");
  CHECK(blocked.rule == "adult.example");
  CHECK(ask({"adult.example", "anna", ""}).verdict == "allow");
  CHECK(ask({"adult.example", "ben", ""}, {"teachers"}).group == "staff");
  CHECK(ask({"adult.example", "anna", "pupils"}).verdict == "block");
  CHECK(ask({"evil.example", "anna", ""}).reason == "locked-class");
  CHECK(ask({"www.google.com", "", ""}).target == "forcesafesearch.google.com");
}

TEST_CASE("why refuses what is no name and no group, and suggests one that is") {
  const auto group = decide_why(two_groups(), lists().view, {"a.example", "", "pupil"}, {});
  REQUIRE_FALSE(group);
  CHECK(group.error().code == ErrorCode::kNotFound);
  CHECK(group.error().message.find("did you mean \"pupils\"?") != std::string::npos);
  CHECK(decide_why(two_groups(), lists().view, {"two words", "", ""}, {}).error().code == ErrorCode::kInvalidInput);
  CHECK_FALSE(decide_why(policy::Policy{}, lists().view, {"a.example", "", ""}, {}));
}

TEST_CASE("every reason is explained in words", "[R8]") {
  for (int i = 0; i <= static_cast<int>(policy::kLastReason); ++i) {
    WhyAnswer answer;
    answer.reason = policy::reason_name(static_cast<policy::Reason>(i));
    CHECK(explain(answer) != answer.reason);
  }
}

TEST_CASE("the list that a rule came from is found again", "[R8]") {
  TemporaryFolder folder;
  write(folder / "a", "# comment\nother.example\n||adult.example^\n");
  write(folder / "b", "0.0.0.0 other.example\n");
  const auto place = [&](const char* name) { return "{\"names\":1,\"place\":\"" + (folder / name).string() + "\"}"; };
  write(folder / "sources.json", "{\"adult\":[" + place("a") + "," + place("b") + "," + place("gone") +
                                     ",{\"place\":\"https://lists.example/adult\",\"names\":9}]}");
  const auto origin = find_rule_origin(folder / "sources.json", "adult", "adult.example");
  REQUIRE(origin);
  CHECK(origin->places == std::vector<std::string>{(folder / "a").string()});
  CHECK(origin->unread == std::vector<std::string>{(folder / "gone").string(), "https://lists.example/adult"});
  CHECK(find_rule_origin(folder / "sources.json", "gambling", "adult.example")->places.empty());
  CHECK_FALSE(find_rule_origin(folder / "nothing.json", "adult", "adult.example"));
  write(folder / "broken.json", "{\"adult\":[{\"names\":1}]}");
  CHECK_FALSE(find_rule_origin(folder / "broken.json", "adult", "adult.example"));
}

TEST_CASE("a set file is opened where it is one, and named where it is none") {
  TemporaryFolder folder;
  REQUIRE(platform::replace_file(folder / "lists.set", lists().bytes, 0600));
  const auto set = open_set_file(folder / "lists.set");
  REQUIRE(set);
  CHECK(set->view.categories_of("adult.example") != 0);
  write(folder / "text", "no set");
  CHECK(open_set_file(folder / "text").error().message.find("text") != std::string::npos);
  CHECK_FALSE(open_set_file(folder / "gone"));
}
