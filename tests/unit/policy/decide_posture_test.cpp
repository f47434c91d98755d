#include "policy/decide_posture.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::policy;

namespace {

constexpr UnixSeconds kNow = 1'795'000'000;
constexpr UnixSeconds kDay = 86'400;

std::string_view word(const PostureFacts& facts, std::string_view subject) {
  for (const PostureFinding& finding : decide_posture(facts, kNow)) {
    if (finding.subject == subject) return finding.word;
  }
  return "";
}

}  // namespace

TEST_CASE("of what is not known nothing good is said", "[R3]") {
  for (const PostureFinding& finding : decide_posture({}, kNow)) {
    INFO(finding.subject);
    CHECK_FALSE(is_fine(finding.subject, finding.word));
  }
}

TEST_CASE("a machine that is kept as it should be is fine", "[R3]") {
  const PostureFacts facts = {DiskKeeping::kWipeReady, true, kNow - kDay, Firewall::kOn, true, false, kNow - kDay, kNow - kDay};
  for (const PostureFinding& finding : decide_posture(facts, kNow)) {
    INFO(finding.subject << " " << finding.word);
    CHECK(is_fine(finding.subject, finding.word));
  }
}

TEST_CASE("a disk that cannot be wiped is flagged before it is lost", "[R3]") {
  PostureFacts facts;
  facts.disk = DiskKeeping::kEncrypted;
  CHECK(word(facts, "disk") == "encrypted");
  CHECK_FALSE(is_fine("disk", "encrypted"));
  facts.disk = DiskKeeping::kNotEncrypted;
  CHECK(word(facts, "disk") == "not-encrypted");
}

TEST_CASE("signatures of more than seven days are old, and those of days to come say nothing good", "[R3]") {
  PostureFacts facts;
  CHECK(word(facts, "antivirus") == "none");
  facts.scanner = true;
  CHECK(word(facts, "antivirus") == "no-signatures");
  facts.signatures = kNow - 7 * kDay;
  CHECK(word(facts, "antivirus") == "current");
  facts.signatures = kNow - 7 * kDay - 1;
  CHECK(word(facts, "antivirus") == "old");
  facts.signatures = kNow + kDay;  // a clock that is a little behind
  CHECK(word(facts, "antivirus") == "current");
  facts.signatures = kNow + 30 * kDay;
  CHECK(word(facts, "antivirus") == "misdated");
  CHECK_FALSE(is_fine("antivirus", "misdated"));
}

TEST_CASE("a locker that a setting keeps from locking is as little as none", "[R3]") {
  PostureFacts facts;
  facts.locking_switched_off = true;
  CHECK(word(facts, "screen-lock") == "none");
  facts.locker = true;
  CHECK(word(facts, "screen-lock") == "switched-off");
  CHECK_FALSE(is_fine("screen-lock", "switched-off"));
  facts.locking_switched_off = false;
  CHECK(word(facts, "screen-lock") == "present");
}

TEST_CASE("updates that nobody asks for are old, and those that wait for a restart do not count for ever", "[R3]") {
  PostureFacts facts;
  CHECK(word(facts, "updates") == "unknown");
  facts.updates_asked = kNow - 14 * kDay;
  CHECK(word(facts, "updates") == "current");
  facts.updates_asked = kNow - 14 * kDay - 1;
  CHECK(word(facts, "updates") == "old");
  facts.updates_asked = kNow + 2 * kDay;
  CHECK(word(facts, "updates") == "misdated");
  facts.updates_asked = kNow;
  facts.restart_since = kNow - 7 * kDay;
  CHECK(word(facts, "updates") == "current");
  facts.restart_since = kNow - 7 * kDay - 1;
  CHECK(word(facts, "updates") == "restart-due");
  CHECK_FALSE(is_fine("updates", "restart-due"));
}

TEST_CASE("a word that nobody knows is not fine", "[R3]") {
  CHECK_FALSE(is_fine("firewall", "current"));
  CHECK_FALSE(is_fine("", ""));
}
