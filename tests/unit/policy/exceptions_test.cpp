#include "policy/exceptions.h"

#include <catch2/catch.hpp>

#include "tests/unit/policy/test_set.h"

using namespace caretaker;
using namespace caretaker::policy;

namespace {

const TestSet& lists() {
  static const TestSet set({{"adult", {"adult.example", "mixed.games.example"}},
                            {"gaming", {"games.example", "alias.games.example"}},
                            {"illegal", {"evil.example", "evil.games.example"}}});
  return set;
}

Policy school() {
  Policy policy;
  Group pupils;
  pupils.name = "pupils";
  pupils.is_default = true;
  pupils.blocked_categories = {"adult", "gaming"};
  pupils.youtube = YouTube::kBlocked;
  pupils.denied_names = {"denied.games.example"};
  pupils.blocked_bypass = {Bypass::kDnsOverHttps, Bypass::kVpn, Bypass::kProxy, Bypass::kPrivateRelay};
  policy.groups = {pupils};
  policy.exceptions = ExceptionRules{{"pupils", "year4"}, {"gaming"}, false, 8 * 60, 16 * 60, 90};
  return policy;
}

std::string_view why(const Policy& policy, std::string_view name, std::vector<Lesson> lessons) {
  return reason_name(decide_dns(policy, policy.groups[0], lists().view, name, lessons).reason);
}

LessonRefusal judge(const Policy& policy, std::int64_t from, std::int64_t minutes, std::string name = "games.example", std::string group = "pupils") {
  return judge_lesson(policy, {{std::move(name), std::move(group)}, minutes * 60, from * 60, (from + minutes) * 60});
}

}  // namespace

TEST_CASE("a lesson opens what a category has closed, with everything under it, and nothing beside it", "[R6]") {
  const Policy policy = school();
  const Lesson lesson{"games.example", "pupils"};
  CHECK(why(policy, "games.example", {}) == "category");
  CHECK(why(policy, "games.example", {lesson}) == "exception");
  CHECK(why(policy, "www.games.example", {lesson}) == "exception");
  CHECK(why(policy, "othergames.example", {lesson}) == "not-listed");
  CHECK(why(policy, "adult.example", {lesson}) == "category");
  const auto decision = decide_dns(policy, policy.groups[0], lists().view, "www.games.example", std::vector{lesson});
  CHECK(decision.verdict == Verdict::kAllow);
  CHECK(decision.rule == "games.example");
  CHECK_FALSE(decision.is_violation);
}

TEST_CASE("a lesson opens no other category, no locked class, no own deny and no way round", "[R6][R7]") {
  const Policy policy = school();
  const Lesson games{"games.example", "pupils"};
  CHECK(why(policy, "mixed.games.example", {games}) == "category");
  CHECK(why(policy, "evil.games.example", {games}) == "locked-class");
  CHECK(why(policy, "denied.games.example", {games}) == "denied-by-group");
  CHECK(why(policy, "adult.example", {{"adult.example", "pupils"}}) == "category");
  CHECK(why(policy, "evil.example", {{"evil.example", "pupils"}}) == "locked-class");
  CHECK(why(policy, "mask.icloud.com", {{"mask.icloud.com", "pupils"}}) == "bypass-private-relay");
  CHECK(why(policy, "use-application-dns.net", {{"use-application-dns.net", "pupils"}}) == "canary");
  CHECK(why(policy, "www.google.com", {{"google.com", "pupils"}}) == "safe-search");
  Policy nobody = policy;
  nobody.exceptions.reset();
  CHECK(why(nobody, "games.example", {games}) == "category");
}

TEST_CASE("YouTube is opened for a lesson in its strict mode, player and all, and only where the policy says so", "[R6][R9]") {
  Policy policy = school();
  const Lesson lesson{"youtube.com", "pupils"};
  CHECK(why(policy, "www.youtube.com", {lesson}) == "youtube-blocked");
  policy.exceptions->youtube = true;
  CHECK(why(policy, "www.youtube.com", {}) == "youtube-blocked");
  for (const char* name : {"www.youtube.com", "m.youtube.com", "youtubei.googleapis.com"}) {
    const auto decision = decide_dns(policy, policy.groups[0], lists().view, name, std::vector{lesson});
    CHECK(decision.reason == Reason::kYouTubeRestricted);
    CHECK(decision.target == "restrict.youtube.com");
  }
}

TEST_CASE("an alias of an open site stays under what a lesson cannot open", "[R6]") {
  const Policy policy = school();
  const Lesson lesson{"games.example", "pupils"};
  const auto asked = decide_dns(policy, policy.groups[0], lists().view, "games.example", std::vector{lesson});
  const auto target = [&](std::string_view name) { return decide_cname_target(asked, policy, policy.groups[0], lists().view, name); };
  CHECK(target("cdn.example").verdict == Verdict::kAllow);
  CHECK(target("alias.games.example").verdict == Verdict::kAllow);
  CHECK(target("adult.example").reason == Reason::kCategory);
  CHECK(target("evil.example").reason == Reason::kLockedClass);
}

TEST_CASE("a lesson is for its class alone", "[R6]") {
  const Policy policy = school();
  CHECK(is_for({"x.example", "pupils"}, policy.groups[0], {}));
  CHECK(is_for({"x.example", "year4"}, policy.groups[0], {"other", "year4"}));
  CHECK_FALSE(is_for({"x.example", "year4"}, policy.groups[0], {"year5"}));
}

TEST_CASE("what a teacher asks for is measured against class, hours and length", "[R6]") {
  const Policy policy = school();
  CHECK(judge(policy, 9 * 60, 60) == LessonRefusal::kNone);
  CHECK(judge(policy, 9 * 60, 60, "games.example", "year4") == LessonRefusal::kNone);
  CHECK(judge(policy, 9 * 60, 60, "games.example", "staff") == LessonRefusal::kGroup);
  CHECK(judge(policy, 9 * 60, 91) == LessonRefusal::kHours);
  CHECK(judge(policy, 7 * 60 + 59, 60) == LessonRefusal::kHours);
  CHECK(judge(policy, 15 * 60, 61) == LessonRefusal::kHours);
  CHECK(judge(policy, 15 * 60, 60) == LessonRefusal::kNone);
  CHECK(judge(policy, 9 * 60, 0) == LessonRefusal::kHours);
  CHECK(judge(policy, 9 * 60, 60, "co.uk") == LessonRefusal::kSuffix);
  CHECK(judge(policy, 9 * 60, 60, "com") == LessonRefusal::kSuffix);
  Policy nobody = policy;
  nobody.exceptions.reset();
  CHECK(judge(nobody, 9 * 60, 60) == LessonRefusal::kNobody);
  // Over midnight the hour of the end is before that of the beginning.
  CHECK(judge_lesson(policy, {{"games.example", "pupils"}, 3600, 23 * 3600 + 1800, 1800}) == LessonRefusal::kHours);
}

TEST_CASE("a name that teachers may not open is refused before it is open", "[R6][R7]") {
  const Policy policy = school();
  CHECK(judge_lesson_name(policy, lists().view, "games.example") == LessonRefusal::kNone);
  CHECK(judge_lesson_name(policy, lists().view, "unlisted.example") == LessonRefusal::kNone);
  CHECK(judge_lesson_name(policy, lists().view, "adult.example") == LessonRefusal::kCategory);
  CHECK(judge_lesson_name(policy, lists().view, "www.evil.example") == LessonRefusal::kCategory);
  CHECK(judge_lesson_name(policy, lists().view, "mixed.games.example") == LessonRefusal::kCategory);
}

TEST_CASE("[exceptions] is read, and what makes no sense there is said") {
  const auto parse = [](const std::string& section) {
    return parse_policy("school = \"S\"\n[groups.pupils]\ndefault = true\nblocked_categories = [\"gaming\"]\n[recipients]\n\"*\" = [\"safeguarding\"]\n" + section,
                        Strictness::kTechnician);
  };
  const auto good = parse("[exceptions]\nfor = [\"pupils\"]\ncategories = [\"gaming\"]\nhours = \"08:00-16:00\"\nmax_minutes = 120\nyoutube = true\n");
  REQUIRE(good.usable());
  CHECK(good.policy.exceptions == ExceptionRules{{"pupils"}, {"gaming"}, true, 480, 960, 120});
  CHECK_FALSE(parse("").policy.exceptions);
  CHECK_FALSE(parse("[exceptions]\nfor = [\"pupils\"]\n").usable());
  CHECK_FALSE(parse("[exceptions]\nhours = \"08:00-16:00\"\n").usable());
  CHECK_FALSE(parse("[exceptions]\nfor = [\"pupils\"]\nhours = \"16:00-08:00\"\n").usable());
  CHECK_FALSE(parse("[exceptions]\nfor = [\"pupils\"]\nhours = \"8-16\"\n").usable());
  CHECK_FALSE(parse("[exceptions]\nfor = [\"pupils\"]\nhours = \"08:00-16:00\"\nmax_minutes = 481\n").usable());
  CHECK_FALSE(parse("[exceptions]\nfor = [\"pupils\"]\nhours = \"08:00-16:00\"\ncategories = [\"illegal\"]\n").usable());
}
