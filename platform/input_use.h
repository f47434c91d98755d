// What the events of a keyboard, a mouse or a touch pad say of whether somebody uses it. Values only; any thread.
#pragma once

#include <cstdint>
#include <span>

#include "platform/base/clock.h"

namespace caretaker::platform {

// As the kernel numbers them (evdev).
struct InputEvent {
  std::uint16_t type = 0;
  std::uint16_t code = 0;
  std::int32_t value = 0;
  MonotonicMs at = 0;
};

// When the newest of these events of one device was that somebody used it; 0: none was. Of what was too much to be kept the kernel leaves the newest
// event behind a word that says so, and that one tells what it was: a key that a book lies on fills the room in a second, and is nobody at work.
// Where nothing is left that tells, it was what the device told last: `was_use`, kept from call to call, true at first.
[[nodiscard]] MonotonicMs newest_use(std::span<const InputEvent> events, bool has_touch, bool& was_use);

}  // namespace caretaker::platform
