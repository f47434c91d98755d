// Counts of what happened, which stay at the most that they can say. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>

namespace caretaker {

inline void add_to_count(std::uint32_t& count, std::uint64_t more) {
  count += static_cast<std::uint32_t>(std::min<std::uint64_t>(more, UINT32_MAX - count));
}

}  // namespace caretaker
