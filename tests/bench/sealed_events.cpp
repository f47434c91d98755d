#include "tests/bench/sealed_events.h"

namespace caretaker::bench {

using agent::NewEvent;

std::vector<NewEvent> sealed_events() {
  const auto lead = make_box_key(random_key()).public_key;
  const auto escrow = make_box_key(random_key()).public_key;
  std::vector<NewEvent> events;
  for (std::size_t i = 0; i < kDifferent; ++i) {
    auto sealing = sync::seal_details({{{"user", "pupil"}, {"name", "name" + std::to_string(i) + ".example"}, {"category", "gambling"}}},
                                      {{sync::key_id(lead), lead}, {sync::key_id(escrow), escrow}});
    const sync::EventBody body{"web.blocked", 1'795'000'000, sync::Severity::kLow, "category", 1, sealing.hash, sealing.commitment};
    events.push_back({body, std::move(sealing.sealed)});
  }
  return events;
}

}  // namespace caretaker::bench
