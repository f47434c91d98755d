#include "policy/policy_session.h"

#include <catch2/catch.hpp>

#include "policy/weakening.h"

using namespace caretaker::policy;

namespace {

const std::string kBefore = "school = \"S\"\n[recipients]\n\"*\" = [\"safeguarding\"]\n[groups.all]\ndefault = true\nblocked_categories = []\n";

ParsedPolicy with(const std::string& text) {
  return parse_policy(kBefore + text, Strictness::kTechnician);
}

std::string first_error(const std::string& text) {
  for (const Diagnostic& found : with(text).diagnostics) {
    if (found.level == Diagnostic::Level::kError) return found.field + ": " + found.message;
  }
  return "";
}

}  // namespace

TEST_CASE("without a word about it screens lock after ten minutes and machines stay on", "[R1][R24]") {
  const Group group = with("").policy.groups.at(0);
  CHECK(group.idle_lock.after_minutes == 10);
  CHECK(group.idle_lock.video_minutes == 0);
  CHECK(group.idle_lock.if_not_locked == IfNotLocked::kOwnLocker);
  CHECK_FALSE(group.power_off);
}

TEST_CASE("every setting about sessions reaches the policy", "[R1][R15][R24]") {
  const ParsedPolicy parsed = with(
      "[groups.all.idle_lock]\nafter_minutes = 5\nnotice_seconds = 20\nvideo_minutes = 90\nif_not_locked = \"end_session\"\n"
      "[groups.all.power_off]\nat = \"21:30\"\nwarning_minutes = 15\nsnoozes = 2\n"
      "[suspended]\n\"ben\" = \"2027-01-08T08:00:00Z\"\n");
  REQUIRE(parsed.usable());
  const Group& group = parsed.policy.groups.at(0);
  CHECK(group.idle_lock.after_minutes == 5);
  CHECK(group.idle_lock.notice_seconds == 20);
  CHECK(group.idle_lock.video_minutes == 90);
  CHECK(group.idle_lock.if_not_locked == IfNotLocked::kEndSession);
  REQUIRE(group.power_off);
  CHECK(group.power_off->at_minute == 21 * 60 + 30);
  CHECK(group.power_off->warning_minutes == 15);
  CHECK(group.power_off->snoozes == 2);
  const auto until = caretaker::parse_rfc3339("2027-01-08T08:00:00Z");
  CHECK(suspended_until(parsed.policy, "ben", *until - 1) == *until);
  CHECK_FALSE(suspended_until(parsed.policy, "ben", *until));
  CHECK_FALSE(suspended_until(parsed.policy, "anna", 0));
}

TEST_CASE("what is out of bounds or of the wrong form is said", "[R1][R24]") {
  CHECK(first_error("[groups.all.idle_lock]\nafter_minutes = 0\n") == "groups.all.idle_lock.after_minutes: expected 1 to 240");
  CHECK(first_error("[groups.all.idle_lock]\nafter_minutes = 1\nnotice_seconds = 60\n") ==
        "groups.all.idle_lock.notice_seconds: the notice must be shorter than after_minutes");
  CHECK_FALSE(first_error("[groups.all.idle_lock]\nafter = 5\n").empty());
  CHECK_FALSE(first_error("[groups.all.idle_lock]\nif_not_locked = \"hope\"\n").empty());
  CHECK_FALSE(first_error("[groups.all.power_off]\nsnoozes = 1\n").empty());
  for (const char* time : {"24:00", "9:30", "21.30", "21:60", "ab:cd", ""}) {
    CHECK_FALSE(first_error("[groups.all.power_off]\nat = \"" + std::string(time) + "\"\n").empty());
  }
  CHECK_FALSE(first_error("[suspended]\n\"ben\" = \"next week\"\n").empty());
  CHECK_FALSE(first_error("[suspended]\n\"root\" = \"2027-01-08T08:00:00Z\"\n").empty());
}

TEST_CASE("locking later, or at nothing, opens; earlier closes", "[R1][R7][R24]") {
  const auto policy = [](const std::string& text) { return with(text).policy; };
  const Policy usual = policy("[groups.all.power_off]\nat = \"21:30\"\n");
  const auto opens = [&](const std::string& text) { return find_weakenings(usual, policy(text)); };
  CHECK(opens("[groups.all.power_off]\nat = \"21:00\"\n[groups.all.idle_lock]\nafter_minutes = 5\n").empty());
  CHECK(opens("").size() == 1);
  CHECK(opens("[groups.all.power_off]\nat = \"22:00\"\nsnoozes = 1\n").size() == 2);
  CHECK(opens("[groups.all.power_off]\nat = \"21:30\"\n[groups.all.idle_lock]\nafter_minutes = 20\nvideo_minutes = 60\nif_not_locked = \"switch_away\"\n").size() == 3);
}
