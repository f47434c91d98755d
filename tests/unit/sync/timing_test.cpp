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
