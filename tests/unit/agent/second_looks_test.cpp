#include "agent/guard/second_looks.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::agent;
using platform::VolumeChange;

namespace {

using Nodes = std::vector<std::filesystem::path>;
constexpr MonotonicMs kMinute = 60'000;
constexpr MonotonicMs kNow = 1'000 * kMinute;

VolumeChange seen(const std::string& name) { return {VolumeChange::What::kSeen, {"/devices/" + name, "/dev/" + name, {}, {}}}; }

}  // namespace

TEST_CASE("a volume that was too slow is looked at again after a minute, and then less and less often", "[R2]") {
  SecondLooks looks;
  CHECK(looks.left_ms(kNow) == -1);
  looks.note(seen("sdb"), true, kNow);
  CHECK(looks.left_ms(kNow) == kMinute);
  CHECK(looks.take_due(kNow + kMinute - 1).empty());
  CHECK(looks.take_due(kNow + kMinute) == Nodes{"/dev/sdb"});
  CHECK(looks.take_due(kNow + kMinute).empty());
  CHECK(looks.left_ms(kNow + kMinute) == -1);
  for (const int minutes : {2, 4, 8, 16, 16}) {
    looks.note(seen("sdb"), true, kNow);
    CHECK(looks.left_ms(kNow) == minutes * kMinute);
  }
}

TEST_CASE("one that has been looked at, or is gone, is not looked at again", "[R2]") {
  SecondLooks looks;
  looks.note(seen("sdb"), true, kNow);
  looks.note(seen("sdc"), true, kNow + 1000);
  looks.note(seen("sdb"), false, kNow + 2000);
  CHECK(looks.left_ms(kNow + 2000) == kMinute - 1000);
  VolumeChange gone = seen("sdc");
  gone.what = VolumeChange::What::kGone;
  looks.note(gone, false, kNow + 3000);
  CHECK(looks.left_ms(kNow + 3000) == -1);
  looks.note(seen("sdb"), true, kNow);  // another one, perhaps
  CHECK(looks.left_ms(kNow) == kMinute);
}
