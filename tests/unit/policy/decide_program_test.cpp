#include "policy/decide_program.h"

#include <catch2/catch.hpp>
#include <set>

#include "policy/weakening.h"

using namespace caretaker;
using namespace caretaker::policy;

TEST_CASE("what only root could have written may run, whoever runs it", "[R12]") {
  Group group;
  CHECK(group.downloads == Downloads::kDeny);
  CHECK(decide_program(group, {0, false, false, false}) == ProgramDecision{ProgramVerdict::kAllow, ProgramReason::kSystem});
}

TEST_CASE("what a user could have written, brought or loads round the corner is refused", "[R12]") {
  Group group;
  CHECK(decide_program(group, {1001, false, false, false}) == ProgramDecision{ProgramVerdict::kDeny, ProgramReason::kOwned});
  CHECK(decide_program(group, {65'534, false, false, false}).verdict == ProgramVerdict::kDeny);  // of a namespace
  CHECK(decide_program(group, {0, true, false, false}) == ProgramDecision{ProgramVerdict::kDeny, ProgramReason::kWritable});
  CHECK(decide_program(group, {0, false, true, false}) == ProgramDecision{ProgramVerdict::kDeny, ProgramReason::kBrought});
  CHECK(decide_program(group, {0, false, false, true}) == ProgramDecision{ProgramVerdict::kDeny, ProgramReason::kLoader});
  CHECK(decide_program(group, {0, false, false, false, true}) == ProgramDecision{ProgramVerdict::kDeny, ProgramReason::kUnwatched});
}

TEST_CASE("whoever nobody knows may start as much as the strictest group", "[R12]") {
  Policy policy;
  policy.groups.resize(3);
  policy.groups[0].downloads = Downloads::kAllow;
  policy.groups[1].downloads = Downloads::kRecord;
  policy.groups[2].downloads = Downloads::kAllow;
  CHECK(&strictest_about_programs(policy) == &policy.groups[1]);
}

TEST_CASE("a group may run downloads where the policy says so, recorded or not", "[R5][R12]") {
  Group group;
  group.downloads = Downloads::kRecord;
  CHECK(decide_program(group, {1001, false, false, false}).verdict == ProgramVerdict::kRecord);
  group.downloads = Downloads::kAllow;
  CHECK(decide_program(group, {1001, false, true, true}).verdict == ProgramVerdict::kAllow);
}

TEST_CASE("every reason for a program has a name, and what is refused has a sentence") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(kLastProgramReason); ++i) {
    names.insert(program_reason_name(static_cast<ProgramReason>(i)));
    CHECK_FALSE(program_notice(static_cast<ProgramReason>(i)).empty());
  }
  CHECK(names.size() == static_cast<std::size_t>(kLastProgramReason) + 1);
}

TEST_CASE("programs and inspection in a policy: strictest when left out, mistakes explained, looser is a weakening", "[R7][R11][R12]") {
  const std::string base = "school = \"S\"\n[recipients]\n\"*\" = [\"safeguarding\"]\n[groups.all]\ndefault = true\nblocked_categories = []\n";
  const auto read = [&base](const std::string& more) { return parse_policy(base + more, Strictness::kTechnician); };
  const auto strict = read("");
  REQUIRE(strict.usable());
  CHECK(strict.policy.groups[0].downloads == Downloads::kDeny);
  CHECK(strict.policy.inspection.unreadable == Unreadable::kRefuse);
  CHECK(strict.policy.inspection.when_down == Unreadable::kRefuse);
  const auto loose = read("programs = { downloads = \"record\" }\n[inspection]\nunreadable = \"allow\"\nwhen_down = \"allow\"\n");
  REQUIRE(loose.usable());
  CHECK(loose.policy.groups[0].downloads == Downloads::kRecord);
  CHECK(loose.policy.inspection.unreadable == Unreadable::kAllow);
  CHECK(loose.policy.inspection.when_down == Unreadable::kAllow);
  CHECK(compare_policies(strict.policy, loose.policy).opens.size() == 3);
  CHECK(compare_policies(loose.policy, strict.policy).opens.empty());
  CHECK(compare_policies(loose.policy, strict.policy).closes.size() == 3);
  CHECK_FALSE(read("programs = { downloads = \"no\" }\n").usable());
  CHECK_FALSE(read("programs = { download = \"deny\" }\n").usable());
  CHECK_FALSE(read("[inspection]\nunreadable = true\n").usable());
  CHECK_FALSE(read("[inspection]\nsometimes = \"allow\"\n").usable());
}
