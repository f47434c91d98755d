#include "platform/inspection_gate.h"

#include <sched.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <thread>

using namespace caretaker;
using namespace caretaker::platform;

namespace {

// Calls `use` with a table in a network of its own, on a thread that ends with it; false: this machine gives nobody one.
template <typename Use>
bool in_own_network(const Use& use) {
  bool could = false;
  std::thread apart([&] {
    if (::unshare(CLONE_NEWNET) != 0) return;
    const auto table = InspectionTable::open();
    if (!table) return;
    could = true;
    use(**table);
  });
  apart.join();
  return could;
}

}  // namespace

TEST_CASE("whoever waits for changes to the packet filter hears of one, and goes on when the wait is ended", "[R11]") {
  std::atomic<bool> heard = false, went_on = false;
  const bool could = in_own_network([&](InspectionTable& table) {
    if (!table.remove()) return;
    std::promise<void> enough;
    std::thread late([&table, answered = enough.get_future()] {
      answered.wait_for(std::chrono::seconds(10));
      table.end_wait();
    });
    heard = table.wait_for_change();
    enough.set_value();
    while (table.wait_for_change()) continue;
    went_on = true;
    late.join();
  });
  if (!could) {
    WARN("skipped: no network of its own, or no packet filter (needs root)");
    return;
  }
  CHECK(heard);
  CHECK(went_on);
}
