#include "platform/input_use.h"

#include <linux/input.h>

#include <catch2/catch.hpp>
#include <vector>

using namespace caretaker;
using namespace caretaker::platform;

namespace {

constexpr std::size_t kKept = 64;  // by the kernel for each who reads

// What the kernel keeps of a device's events (drivers/input/evdev.c): what comes when it is full leaves only itself behind SYN_DROPPED.
struct Kept {
  std::vector<InputEvent> events;
  MonotonicMs ms = 1000;

  void add(unsigned type, unsigned code, int value) {
    const InputEvent event{static_cast<std::uint16_t>(type), static_cast<std::uint16_t>(code), value, ms};
    events.push_back(event);
    if (events.size() < kKept) return;
    events = {{EV_SYN, SYN_DROPPED, 0, ms}, event};
  }
  void key(int value) {
    ms += 33;
    add(EV_KEY, KEY_SPACE, value);
    add(EV_SYN, SYN_REPORT, 0);
  }
  void move() {
    ms += 8;
    add(EV_REL, REL_X, 1);
    add(EV_REL, REL_Y, 1);
    add(EV_SYN, SYN_REPORT, 0);
  }
  std::vector<InputEvent> take() { return std::exchange(events, {}); }
};

}  // namespace

TEST_CASE("a key with a book on it is nobody at work, however long it lies there", "[R1]") {
  Kept kept;
  bool was_use = true;
  kept.key(1);
  const MonotonicMs laid_down = kept.ms;
  CHECK(newest_use(kept.take(), false, was_use) == laid_down);
  // Whenever a look comes, also when nothing is left that says what was dropped.
  for (int repeats = 1; repeats < 500; ++repeats) {
    for (int i = 0; i < repeats; ++i) kept.key(2);
    const auto events = kept.take();
    REQUIRE(newest_use(events, false, was_use) == 0);
  }
  kept.key(0);
  CHECK(newest_use(kept.take(), false, was_use) == kept.ms);
}

TEST_CASE("more movement than the kernel keeps is use until its end", "[R1]") {
  for (const bool was_held : {false, true}) {
    for (int moves = 1; moves < 200; ++moves) {
      Kept kept;
      bool was_use = true;
      if (was_held) {
        kept.key(2);
        REQUIRE(newest_use(kept.take(), false, was_use) == 0);
        kept.key(0);
        REQUIRE(newest_use(kept.take(), false, was_use) == kept.ms);
      }
      for (int i = 0; i < moves; ++i) kept.move();
      REQUIRE(newest_use(kept.take(), false, was_use) == kept.ms);
    }
  }
}

TEST_CASE("what drifts without being touched is no use when it is too much to be kept, and touch is", "[R1]") {
  Kept kept;
  for (int i = 0; i < 200; ++i) kept.add(EV_ABS, ABS_X, i);
  bool was_use = true;
  CHECK(newest_use(kept.events, false, was_use) == 0);
  CHECK(newest_use(kept.events, true, was_use) == kept.ms);
}

TEST_CASE("what nothing is known of but that it was too much was use", "[R1]") {
  Kept kept;
  kept.add(EV_SYN, SYN_DROPPED, 0);
  kept.add(EV_SYN, SYN_REPORT, 0);
  bool was_use = true;
  CHECK(newest_use(kept.events, false, was_use) == kept.ms);
}
