// Who may stay when places on the control socket run out. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "platform/base/clock.h"

namespace caretaker::platform {

struct ControlLimits {
  std::size_t max_peers = 64;
  std::size_t max_per_user = 8;
  MonotonicMs frame_ms = 10'000;  // a frame that has begun must be whole, an answer taken, within this time
};

// One connection that is open.
struct Place {
  std::uint64_t id = 0;
  std::uint32_t uid = 0;
  MonotonicMs last_active = 0;
};

// The connection that has to go for a newcomer of `uid`; nullopt when there is room. A user who has all of his places
// loses his own one that was quiet longest; when all places are taken, the user with most of them loses one. So a
// process that connects without end only takes places from itself and from others of its user.
[[nodiscard]] std::optional<std::uint64_t> decide_eviction(std::span<const Place> places, std::uint32_t uid,
                                                           const ControlLimits& limits);

}  // namespace caretaker::platform
