#include "agent/inspect/rule_keeper.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::agent;

namespace {

// The kernel's place, taken by a variable.
struct ShownTable : platform::InspectionTable {
  Status apply(const platform::InspectionGate& gate) override {
    ++tried;
    if (refuses) return make_error(ErrorCode::kUnavailable, "no packet queues");
    in_force = gate;
    return ok();
  }
  bool is_intact() override { return in_force.has_value(); }
  Status remove() override {
    in_force.reset();
    return ok();
  }
  bool wait_for_change() override { return false; }
  void end_wait() override {}

  std::optional<platform::InspectionGate> in_force;
  int tried = 0;
  bool refuses = false;
};

struct SetClock : Clock {
  UnixSeconds now() const override { return 0; }
  MonotonicMs monotonic_ms() const override { return ms; }
  MonotonicMs ms = 1000;
};

const platform::InspectionGate kWanted{1727, {990}, false};

}  // namespace

TEST_CASE("rules of the inspection that another has flushed are laid again, and that is told once", "[R11]") {
  ShownTable table;
  const SetClock clock;
  RuleKeeper keeper(&table, clock);
  keeper.look(true);
  CHECK_FALSE(keeper.report());
  CHECK(table.tried == 0);  // before there is a policy there is nothing to lay

  keeper.use(kWanted);
  keeper.look(true);
  CHECK(table.tried == 1);
  CHECK(keeper.report()->restored == 0);

  table.in_force.reset();
  keeper.look(true);
  CHECK(table.in_force == kWanted);
  const auto report = keeper.report();
  REQUIRE(report);
  CHECK(report->sees);
  CHECK(report->restored == 1);
  table.in_force.reset();
  keeper.look(true);  // again, before the guard has answered
  keeper.told(*report);
  CHECK(keeper.report()->restored == 1);
}

TEST_CASE("rules of the inspection that cannot be laid again are said to be missing until they are", "[R11]") {
  ShownTable table;
  const SetClock clock;
  RuleKeeper keeper(&table, clock);
  keeper.use(kWanted);
  table.in_force.reset();
  table.refuses = true;
  keeper.look(true);
  CHECK_FALSE(keeper.report()->sees);
  table.refuses = false;
  keeper.look(true);
  CHECK(keeper.report()->sees);
  CHECK(table.in_force == kWanted);
}

TEST_CASE("rules of the inspection that were refused are tried again by themselves, also while those of before are still there", "[R11]") {
  ShownTable table;
  SetClock clock;
  RuleKeeper keeper(&table, clock);
  keeper.use(kWanted);
  table.refuses = true;
  const platform::InspectionGate stricter{1727, {}, false};
  keeper.use(stricter);
  CHECK(keeper.is_blind());
  table.refuses = false;
  keeper.look(false);
  CHECK(table.tried == 2);
  REQUIRE(keeper.wait_ms() > 0);
  clock.ms += keeper.wait_ms();
  keeper.look(false);
  CHECK(table.in_force == stricter);
  CHECK(keeper.wait_ms() < 0);
}

TEST_CASE("on a kernel without packet queues rules are tried ever more seldom, and soon again once they were there", "[R11]") {
  ShownTable table;
  SetClock clock;
  RuleKeeper keeper(&table, clock);
  table.refuses = true;
  keeper.use(kWanted);
  const int first = keeper.wait_ms();
  while (clock.ms < 3'600'000) {
    clock.ms += keeper.wait_ms();
    keeper.look(false);
  }
  CHECK(table.tried < 20);
  CHECK(keeper.wait_ms() == 600'000);
  table.refuses = false;
  keeper.look(true);
  table.refuses = true;
  table.in_force.reset();
  keeper.look(true);
  CHECK(keeper.wait_ms() == first);
}

TEST_CASE("where somebody else lays the inspection's rules, nothing is laid and all is seen", "[R11]") {
  const SetClock clock;
  RuleKeeper keeper(nullptr, clock);
  keeper.use(kWanted);
  keeper.look(true);
  CHECK(keeper.report()->sees);
}
