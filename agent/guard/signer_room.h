// Room in what remembers letters: each signer fills places of their own and no more, so that nobody's key keeps another's letters out.
#pragma once

#include <algorithm>
#include <string>

namespace caretaker::agent {

struct SignerRoom {
  std::size_t in_all = 0;
  std::size_t of_one = 0;
};
// For one more of `by`'s. `kept`: a map of what has a member `by` (signers_name).
template <typename Map>
[[nodiscard]] bool has_room(const Map& kept, const std::string& by, const SignerRoom& room) {
  const auto of_one = std::ranges::count_if(kept, [&by](const auto& entry) { return entry.second.by == by; });
  return kept.size() < room.in_all && static_cast<std::size_t>(of_one) < room.of_one;
}

}  // namespace caretaker::agent
