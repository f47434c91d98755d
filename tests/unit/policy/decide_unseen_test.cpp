#include "policy/decide_unseen.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::policy;

namespace {

constexpr MonotonicMs kMinute = 60'000;

Policy two_groups() {
  Policy policy;
  policy.groups.resize(2);
  policy.groups[0].idle_lock.after_minutes = 5;
  policy.groups[0].idle_lock.video_minutes = 90;
  policy.groups[1].idle_lock.after_minutes = 8;
  return policy;
}

UnseenStep step(const UnseenFacts& facts) { return decide_unseen(two_groups(), facts).step; }

}  // namespace

TEST_CASE("while nobody tells who sits there, an idle screen is covered by the shortest time of any group", "[R1]") {
  CHECK(step({kSilentLooks, 5 * kMinute - 1, false, false}) == UnseenStep::kNone);
  CHECK(step({kSilentLooks, 5 * kMinute, false, false}) == UnseenStep::kCover);
  CHECK(step({kSilentLooks + 100, 6 * kMinute, false, false}) == UnseenStep::kCover);
  CHECK(decide_unseen(Policy(), {kSilentLooks, 10 * kMinute, false, false}).step == UnseenStep::kCover);  // no group, no policy: R1's ten minutes
}

TEST_CASE("a moment without an answer is not enough, and one that goes on is news once", "[R1]") {
  for (int looks = 0; looks < kSilentLooks; ++looks) {
    CHECK(step({looks, 60 * kMinute, false, false}) == UnseenStep::kNone);
    CHECK_FALSE(decide_unseen(two_groups(), {looks, 0, false, false}).is_news);
  }
  CHECK(decide_unseen(two_groups(), {kSilentLooks, 0, false, false}).is_news);
  CHECK_FALSE(decide_unseen(two_groups(), {kSilentLooks + 1, 0, false, false}).is_news);
}

TEST_CASE("what is covered is not covered twice, and who may not use it gains nothing by typing", "[R1]") {
  CHECK(step({kSilentLooks, 60 * kMinute, true, false}) == UnseenStep::kNone);
  CHECK(step({kSilentLooks, 0, false, true}) == UnseenStep::kCover);
  CHECK(step({kSilentLooks, 0, true, true}) == UnseenStep::kNone);
  CHECK(step({kSilentLooks - 1, 0, false, true}) == UnseenStep::kNone);
}

TEST_CASE("a school in which every group has longer gets no shorter time", "[R1]") {
  Policy policy = two_groups();
  for (Group& group : policy.groups) group.idle_lock.after_minutes += 20;
  CHECK(decide_unseen(policy, {kSilentLooks, 25 * kMinute - 1, false, false}).step == UnseenStep::kNone);
  CHECK(decide_unseen(policy, {kSilentLooks, 25 * kMinute, false, false}).step == UnseenStep::kCover);
}

TEST_CASE("it is looked at again when the time would be over, and every fifteen seconds at the latest", "[R1]") {
  CHECK(decide_unseen(two_groups(), {kSilentLooks, 5 * kMinute - 2000, false, false}).again_ms == 2000);
  CHECK(decide_unseen(two_groups(), {kSilentLooks, 0, false, false}).again_ms == kUnseenLookMs);
}
