#include "sync/timing.h"

#include <catch2/catch.hpp>

using namespace caretaker::sync;

namespace {
constexpr double kLast = 0.999999999;
}

TEST_CASE("the first check-in is spread over two minutes") {
  CHECK(first_checkin_ms(0) == 0);
  CHECK(first_checkin_ms(0.5) == 60'000);
  CHECK(first_checkin_ms(kLast) < 120'000);
}

TEST_CASE("later ones come every 15 minutes, give or take a fifth") {
  CHECK(next_checkin_ms(900, 0) == 720'000);
  CHECK(next_checkin_ms(900, 0.5) == 900'000);
  CHECK(next_checkin_ms(900, kLast) <= 1'080'000);
}

TEST_CASE("errors never make a device ask faster") {
  for (int failures = -1; failures < 100; ++failures) {
    for (const double draw : {0.0, 0.3, kLast}) {
      CHECK(retry_ms(900, failures, {}, draw) >= next_checkin_ms(900, 0));
      CHECK(retry_ms(900, failures, {}, draw) <= kMaxBackoffMs);
      CHECK(retry_ms(86'400, failures, {}, draw) >= next_checkin_ms(86'400, 0));
    }
  }
}

TEST_CASE("the backoff doubles up to four hours, and the whole width is drawn from") {
  CHECK(retry_ms(900, 1, {}, kLast) == 1'799'999);
  CHECK(retry_ms(900, 3, {}, kLast) == 7'199'999);
  CHECK(retry_ms(900, 30, {}, kLast) == kMaxBackoffMs - 1);
  CHECK(retry_ms(900, 30, {}, 0) == 720'000);
}

TEST_CASE("Retry-After is honoured, spread out, and bounded") {
  CHECK(retry_ms(900, 1, 3'600, 0) == 3'600'000);
  CHECK(retry_ms(900, 1, 3'600, kLast) > 3'900'000);
  CHECK(retry_ms(900, 1, 1, 0) == 720'000);
  CHECK(retry_ms(900, 1, -5, 0) == 720'000);
  CHECK(retry_ms(900, 1, 2'000'000'000, 0) == 86'400'000);
}

TEST_CASE("a request is held for about four minutes, never as long as a proxy waits") {
  CHECK(hold_ms(0) >= 200'000);
  CHECK(hold_ms(kLast) < 280'000);
  CHECK(hold_ms(0.1) != hold_ms(0.9));
}

TEST_CASE("news reach one device at once and thousands within a second") {
  CHECK(wake_ms(1, kLast) <= 1);
  CHECK(wake_ms(500, kLast) < 500);
  CHECK(wake_ms(9000, kLast) < 1000);
  CHECK(wake_ms(9000, 0.5) == 500);
}

TEST_CASE("a server that ends held requests is asked less and less often") {
  CHECK(hold_retry_ms(1, 0) == 15'000);
  CHECK(hold_retry_ms(1, kLast) < 30'000);
  CHECK(hold_retry_ms(3, kLast) > 100'000);
  CHECK(hold_retry_ms(1000, kLast) < 900'000);
}

TEST_CASE("hints bring four check-ins at once and then one a minute, however many come") {
  HintBudget budget;
  std::int64_t now = 5'000'000;
  for (int i = 0; i < 4; ++i) CHECK(take_hint(budget, now) == 0);
  // A device waits for the check-in before it asks again.
  int checkins = 4;
  for (const std::int64_t end = now + 3'600'000; now < end; ++checkins) now += take_hint(budget, now);
  CHECK(checkins <= 65);
  CHECK(checkins >= 60);
  now += 3'600'000;
  for (int i = 0; i < 4; ++i) CHECK(take_hint(budget, now) == 0);
  CHECK(take_hint(budget, now) == 60'000);
}
