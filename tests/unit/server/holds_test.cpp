#include "sync/server/holds.h"

#include <catch2/catch.hpp>

#include "sync/timing.h"

using namespace caretaker;
using server::Holds;

namespace {

sync::Hold hold(std::uint8_t device, const std::string& nonce, UnixSeconds time, const std::string& mark = "1.1.1") {
  sync::Hold out;
  out.device = {device};
  out.nonce = nonce;
  out.time = time;
  out.mark = mark;
  return out;
}

std::function<std::string(const sync::DeviceId&)> all_have(const std::string& mark) {
  return [mark](const sync::DeviceId&) { return mark; };
}

}  // namespace

TEST_CASE("a held request ends without news before a proxy would end it") {
  Holds holds;
  CHECK(holds.next_end() == INT64_MAX);
  REQUIRE(holds.add(hold(1, "a", 100), 7, 1000));
  CHECK(holds.next_end() > 1000 + 200'000);
  CHECK(holds.take_ended(1000 + 200'000).empty());
  const auto ended = holds.take_ended(1000 + sync::kMaxHoldMs);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].ticket == 7);
  CHECK_FALSE(ended[0].news);
  CHECK(holds.take_ended(INT64_MAX).empty());
}

TEST_CASE("what is published ends those that do not have it, within a second and not all at once") {
  Holds holds;
  for (std::uint8_t i = 0; i < 250; ++i) REQUIRE(holds.add(hold(i, "a", 100, i % 2 ? "1.1.1" : "1.2.1"), i, 0));
  holds.publish(all_have("1.2.1"), 500);
  CHECK(holds.take_ended(499).empty());
  const auto first = holds.take_ended(550);
  const auto rest = holds.take_ended(1500);
  CHECK(first.size() < 125);
  CHECK(first.size() + rest.size() == 125);
  for (const auto& ended : rest) CHECK((ended.news && ended.ticket % 2 == 1));
}

TEST_CASE("of one device the newest request is held") {
  Holds holds;
  REQUIRE(holds.add(hold(1, "a", 100), 1, 0));
  CHECK(holds.add(hold(1, "a", 100), 2, 0).error().code == ErrorCode::kConflict);
  CHECK(holds.add(hold(1, "b", 99), 3, 0).error().code == ErrorCode::kConflict);
  REQUIRE(holds.add(hold(1, "c", 100), 4, 0));
  CHECK(holds.next_end() == 0);
  const auto replaced = holds.take_ended(0);
  REQUIRE(replaced.size() == 1);
  CHECK(replaced[0].ticket == 1);
  CHECK_FALSE(replaced[0].news);
  holds.publish(all_have("other"), 10);
  REQUIRE(holds.take_ended(2000).size() == 1);
  REQUIRE(holds.add(hold(1, "b", 99), 5, 0));  // the clock was put right; nothing is held any more
}
