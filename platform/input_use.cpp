#include "platform/input_use.h"

#include <algorithm>

namespace caretaker::platform {
namespace {

constexpr std::uint16_t kSync = 0, kKey = 1, kRelative = 2, kAbsolute = 3;
constexpr std::uint16_t kDropped = 3;   // of kSync: there was more than the kernel keeps
constexpr std::int32_t kRepeated = 2;   // of kKey

// Lights, scan codes and the ends of packets tell nothing of their own.
bool tells(const InputEvent& event) { return event.type == kKey || event.type == kRelative || event.type == kAbsolute; }

bool is_use(const InputEvent& event, bool has_touch) {
  if (event.type == kKey) return event.value != kRepeated;
  return event.type == kRelative || has_touch;
}

}  // namespace

MonotonicMs newest_use(std::span<const InputEvent> events, bool has_touch, bool& was_use) {
  MonotonicMs newest = 0;
  MonotonicMs dropped = 0;  // when, while nothing behind it has told what it was
  for (const InputEvent& event : events) {
    if (event.type == kSync && event.code == kDropped) dropped = event.at;
    if (!tells(event)) continue;
    dropped = 0;
    was_use = is_use(event, has_touch);
    if (was_use) newest = std::max(newest, event.at);
  }
  return was_use ? std::max(newest, dropped) : newest;
}

}  // namespace caretaker::platform
