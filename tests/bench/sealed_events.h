// Events as the guard makes them of blocked names, sealed to two people: what fills a book.
#pragma once

#include <vector>

#include "agent/guard/event_store.h"

namespace caretaker::bench {

inline constexpr std::size_t kDifferent = 256;
[[nodiscard]] std::vector<agent::NewEvent> sealed_events();  // kDifferent of them

}  // namespace caretaker::bench
