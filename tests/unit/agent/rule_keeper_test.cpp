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

const platform::InspectionGate kWanted{1727, {990}, false};

}  // namespace

TEST_CASE("rules of the inspection that another has flushed are laid again, and that is told once", "[R11]") {
  ShownTable table;
  RuleKeeper keeper(&table);
  keeper.restore();
  CHECK_FALSE(keeper.report());
  CHECK(table.tried == 0);  // before there is a policy there is nothing to lay

  keeper.use(kWanted);
  keeper.restore();
  CHECK(table.tried == 1);
  CHECK(keeper.report()->restored == 0);

  table.in_force.reset();
  keeper.restore();
  CHECK(table.in_force == kWanted);
  const auto report = keeper.report();
  REQUIRE(report);
  CHECK(report->sees);
  CHECK(report->restored == 1);
  table.in_force.reset();
  keeper.restore();  // again, before the guard has answered
  keeper.told(*report);
  CHECK(keeper.report()->restored == 1);
}

TEST_CASE("rules of the inspection that cannot be laid again are said to be missing until they are", "[R11]") {
  ShownTable table;
  RuleKeeper keeper(&table);
  keeper.use(kWanted);
  table.in_force.reset();
  table.refuses = true;
  keeper.restore();
  CHECK_FALSE(keeper.report()->sees);
  table.refuses = false;
  keeper.restore();
  CHECK(keeper.report()->sees);
  CHECK(table.in_force == kWanted);
}

TEST_CASE("where somebody else lays the inspection's rules, nothing is laid and all is seen", "[R11]") {
  RuleKeeper keeper(nullptr);
  keeper.use(kWanted);
  keeper.restore();
  CHECK(keeper.report()->sees);
}
