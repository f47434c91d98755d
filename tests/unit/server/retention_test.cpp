#include "sync/server/retention.h"

#include "sync/server/ingest.h"
#include "tests/unit/server/test_device.h"

using namespace caretaker;
using namespace caretaker::test;

namespace {

class FakeClock : public Clock {
 public:
  [[nodiscard]] UnixSeconds now() const override { return kNow + ms / 1000 + wrong_by; }
  [[nodiscard]] MonotonicMs monotonic_ms() const override { return ms; }
  void add_days(std::int64_t days) { ms += days * 86'400'000; }
  MonotonicMs ms = 0;
  std::int64_t wrong_by = 0;
};

void check_in(TestSchool& school, const TestDevice& device, std::uint64_t from, UnixSeconds now) {
  must(server::ingest(school.store, school.state, sync::make_checkin_request(device.request(device.batch(from))), now));
}

// Until the day's work is done.
int sweep(server::Retention& retention, TestSchool& school, FakeClock& clock) {
  int steps = 1;
  for (std::int64_t next; (next = retention.work(school.store, clock)) < 3'600'000; ++steps) clock.ms += next;
  return steps;
}

std::size_t sealed_parts(TestSchool& school) {
  std::size_t count = 0;
  for (const auto& row : must(school.store.events(0, std::nullopt, 10'000))) count += row.sealed.empty() ? 0 : 1;
  return count;
}

}  // namespace

constexpr std::int64_t kDay = 86'400;

TEST_CASE("a day of retention is what the clock went on, never less than nothing and a week at most", "[R19]") {
  using server::RetentionDay;
  const auto counted = [](UnixSeconds clock) { return server::decide_retention_day(RetentionDay{5 * kDay, kNow}, clock).counted_s; };
  CHECK(server::decide_retention_day(std::nullopt, kNow).counted_s == 0);
  CHECK(counted(kNow + kDay) == 6 * kDay);
  CHECK(counted(kNow + 7 * kDay) == 12 * kDay);
  CHECK(counted(kNow + 3000 * kDay) == 12 * kDay);
  CHECK(counted(kNow - 3000 * kDay) == 5 * kDay);
  CHECK(server::decide_retention_day(RetentionDay{5 * kDay, kNow}, kNow - 3000 * kDay).clock == kNow - 3000 * kDay);
}

// As on a server that runs every day.
void days(int count, server::Retention& retention, TestSchool& school, FakeClock& clock) {
  for (int i = 0; i < count; ++i) {
    clock.add_days(1);
    (void)sweep(retention, school, clock);
  }
}

TEST_CASE("sealed parts go after 90 days and the book can still be verified from its beginning", "[R19]") {
  TestSchool school;
  FakeClock clock;
  TestDevice device(school);
  device.record(450);
  check_in(school, device, 1, clock.now());
  server::Retention retention;
  days(30, retention, school, clock);
  device.record(20);
  check_in(school, device, 451, clock.now());
  days(60, retention, school, clock);
  CHECK(sealed_parts(school) == 470);
  clock.add_days(1);
  CHECK(sweep(retention, school, clock) >= 3);  // never all at once
  CHECK(sealed_parts(school) == 20);
  days(60, retention, school, clock);
  CHECK(sealed_parts(school) == 0);

  const auto rows = must(school.store.events(0, std::nullopt, 10'000));
  REQUIRE(rows.size() == 470);
  auto head = sync::first_head(school.state.id(), device.id(), device.epoch);
  for (const auto& row : rows) head = sync::next_head(head, row.body);
  CHECK(head == must(school.store.epoch(device.id(), device.epoch))->head);
}

TEST_CASE("a clock that is years wrong for a while deletes nothing", "[R18]") {
  const std::int64_t wrong_by = GENERATE(-3000 * kDay, 3000 * kDay);
  TestSchool school;
  FakeClock clock;
  TestDevice device(school);
  server::Retention retention;
  device.record(3);
  check_in(school, device, 1, clock.now());
  days(2, retention, school, clock);
  clock.wrong_by = wrong_by;
  device.record(3);
  check_in(school, device, 4, clock.now());  // these carry the wrong time
  days(5, retention, school, clock);
  CHECK(sealed_parts(school) == 6);
  clock.wrong_by = 0;
  days(60, retention, school, clock);
  CHECK(sealed_parts(school) == 6);
  days(35, retention, school, clock);
  CHECK(sealed_parts(school) == 0);
}

TEST_CASE("retention does its work a minute after the start and then once a day") {
  TestSchool school;
  FakeClock clock;
  server::Retention retention;
  CHECK(retention.work(school.store, clock) == 60'000);
  clock.ms += 60'000;
  CHECK(retention.work(school.store, clock) == 86'400'000);
  clock.ms += 1000;
  CHECK(retention.work(school.store, clock) == 86'399'000);
}
