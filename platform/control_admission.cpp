#include "platform/control_admission.h"

#include <map>

namespace caretaker::platform {
namespace {

std::uint64_t quietest_of(std::span<const Place> places, std::uint32_t uid) {
  const Place* quietest = nullptr;
  for (const Place& place : places) {
    if (place.uid == uid && (quietest == nullptr || place.last_active < quietest->last_active)) quietest = &place;
  }
  return quietest->id;
}

}  // namespace

std::optional<std::uint64_t> decide_eviction(std::span<const Place> places, std::uint32_t uid,
                                             const ControlLimits& limits) {
  std::map<std::uint32_t, std::size_t> held;
  for (const Place& place : places) ++held[place.uid];
  if (held[uid] >= limits.max_per_user) return quietest_of(places, uid);
  if (places.size() < limits.max_peers) return std::nullopt;
  std::uint32_t greediest = uid;
  for (const auto& [user, count] : held) {
    if (count > held[greediest]) greediest = user;
  }
  if (held[greediest] == 0) return std::nullopt;
  return quietest_of(places, greediest);
}

}  // namespace caretaker::platform
