#include "sync/lists_bounds.h"

#include <catch2/catch.hpp>

#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using caretaker::sync::test::verdict;

namespace {

constexpr UnixSeconds kNow = 1'800'000'000;
constexpr UnixSeconds kDay = 86'400;

ListsManifest lists_of(std::uint64_t names) {
  ListsManifest out;
  out.names = names;
  out.categories = {{"gambling", {names, false}}, {"games", {10'000, false}}};
  return out;
}

// A publisher who has nothing but the lists key, and a device that takes what it may.
struct Device {
  ListsHistory history{kNow - kDay, {}};
  ListsManifest lists = lists_of(1'000'000);
  std::uint8_t number = 0;

  std::string take(UnixSeconds at, std::uint64_t names, const std::string& category = "gambling", bool countersigned = false) {
    const ListsChange next{at, Hash{++number}, names, {{category, names}}};
    const auto judged = countersigned ? ok() : judge_lists_change(history, lists, next);
    if (judged) history = with_change(history, next, countersigned);
    return verdict(judged);
  }
};

}  // namespace

TEST_CASE("5 % is the boundary of a large change") {
  const auto is_large_change = [](std::uint64_t changed, std::uint64_t names) { return changed > allowed_change(names, 0); };
  CHECK_FALSE(is_large_change(50, 1'000));
  CHECK(is_large_change(51, 1'000));
  CHECK_FALSE(is_large_change(0, 0));
  CHECK(is_large_change(1, 0));
}

TEST_CASE("5 % a day and no more, in however many publications", "[R7]") {
  Device device;
  CHECK(device.take(kNow, 50'001) == "A4");
  CHECK(device.take(kNow, 30'000) == "verified");
  CHECK(device.take(kNow + 3600, 20'000) == "verified");
  CHECK(device.take(kNow + 7200, 1) == "A4");
  CHECK(device.take(kNow + kDay - 1, 1) == "A4");
  CHECK(device.take(kNow + kDay, 1) == "verified");  // the first has gone out of the day
}

TEST_CASE("20 % in thirty days, a little each day", "[R7]") {
  Device device;
  int taken = 0;
  for (int day = 0; day < 30; ++day) taken += device.take(kNow + day * kDay, 30'000) == "verified" ? 1 : 0;
  CHECK(taken == 6);  // 180,000 of 200,000
  CHECK(device.take(kNow + 29 * kDay, 20'000) == "verified");
  CHECK(device.take(kNow + 29 * kDay + 3600, 1) == "A4");
  CHECK(device.take(kNow + 30 * kDay, 30'000) == "verified");  // that of the first day counts no more
}

TEST_CASE("one category is bounded too, where it is too small to show in all of them", "[R7]") {
  Device device;
  CHECK(device.take(kNow, 501, "games") == "A4");
  CHECK(device.take(kNow, 500, "games") == "verified");
  CHECK(device.take(kNow + 60, 1, "games") == "A4");
  CHECK(device.take(kNow + 60, 40'000) == "verified");
  Device small;
  CHECK(small.take(kNow, 101, "new") == "A4");  // a category that was not there
  CHECK(small.take(kNow, 100, "new") == "verified");
}

TEST_CASE("what a technician signs too is no matter of bounds, and costs none", "[R7]") {
  Device device;
  CHECK(device.take(kNow, 900'000, "gambling", true) == "verified");
  CHECK(device.history.changes.empty());
  CHECK(device.take(kNow + 60, 50'000) == "verified");
  CHECK(device.take(kNow + 120, 1) == "A4");
}

TEST_CASE("a device that was away takes what others took meanwhile, and after five months whatever there is", "[R7]") {
  CHECK(allowed_change(1'000'000, 0) == 50'000);
  CHECK(allowed_change(1'000'000, 3 * kDay) == 150'000);
  CHECK(allowed_change(1'000'000, 10 * kDay) == 200'000);
  CHECK(allowed_change(1'000'000, 65 * kDay) == 600'000);
  CHECK(allowed_change(19, 0) == 0);
  Device week{{kNow - 3 * kDay, {}}};
  CHECK(week.take(kNow, 150'000) == "verified");
  CHECK(week.take(kNow + 60, 1) == "A4");  // and now it is here again
  Device months{{kNow - 150 * kDay, {}}};
  CHECK(months.take(kNow, 5'000'000) == "verified");
  ListsManifest after = lists_of(1'400'000);
  CHECK(verdict(check_lists_change(lists_of(1'000'000), after, false, 0)) == "B9");
  CHECK(verdict(check_lists_change(lists_of(1'000'000), after, false, 45 * kDay)) == "verified");
  after.locked_content = Hash{7};  // the locked class is never a matter of time
  CHECK(verdict(check_lists_change(lists_of(1'000'000), after, false, 300 * kDay)) == "B9");
}

TEST_CASE("a first try that the power cut off costs nothing the second time", "[R7]") {
  Device device;
  const ListsChange next{kNow, Hash{9}, 50'000, {}};
  device.history = with_change(device.history, next, false);
  CHECK(judge_lists_change(device.history, device.lists, {kNow + 60, Hash{9}, 50'000, {}}));
  CHECK_FALSE(judge_lists_change(device.history, device.lists, {kNow + 60, Hash{8}, 1, {}}));
}

TEST_CASE("times that a wrong clock wrote count as today's, and then pass", "[R7]") {
  Device device;
  CHECK(device.take(kNow + 5'000 * kDay, 50'000) == "verified");
  CHECK(device.take(kNow, 1) == "A4");
  device.history = settled(device.history, kNow);
  CHECK(device.history.taken == kNow);
  CHECK(device.take(kNow + kDay, 1) == "verified");
}
