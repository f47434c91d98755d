#include "sync/server/retention.h"

#include "sync/server/ingest.h"
#include "tests/unit/server/test_device.h"

using namespace caretaker;
using namespace caretaker::test;

namespace {

class FakeClock : public Clock {
 public:
  [[nodiscard]] UnixSeconds now() const override { return kNow + ms / 1000; }
  [[nodiscard]] MonotonicMs monotonic_ms() const override { return ms; }
  void add_days(std::int64_t days) { ms += days * 86'400'000; }
  MonotonicMs ms = 0;
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

TEST_CASE("sealed parts go after 90 days and the book can still be verified from its beginning", "[R19]") {
  TestSchool school;
  FakeClock clock;
  TestDevice device(school);
  device.record(450);
  check_in(school, device, 1, clock.now());
  clock.add_days(30);
  device.record(20);
  check_in(school, device, 451, clock.now());
  server::Retention retention;
  (void)sweep(retention, school, clock);
  clock.add_days(59);
  (void)sweep(retention, school, clock);
  CHECK(sealed_parts(school) == 470);
  clock.add_days(2);
  CHECK(sweep(retention, school, clock) >= 3);  // never all at once
  CHECK(sealed_parts(school) == 20);

  const auto rows = must(school.store.events(0, std::nullopt, 10'000));
  REQUIRE(rows.size() == 470);
  auto head = sync::first_head(school.state.id(), device.id(), device.epoch);
  for (const auto& row : rows) head = sync::next_head(head, row.body);
  CHECK(head == must(school.store.epoch(device.id(), device.epoch))->head);
}

TEST_CASE("retention does its work once a day") {
  TestSchool school;
  FakeClock clock;
  server::Retention retention;
  CHECK(retention.work(school.store, clock) == 86'400'000);
  clock.ms += 1000;
  CHECK(retention.work(school.store, clock) == 86'399'000);
}
