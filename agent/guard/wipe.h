// The wipe itself: a process of its own beside the guard (caretaker-wipe.service, `caretakerd --wipe`). It takes nobody's word, not the
// guard's either: the order is verified here again, from the pinned school id on. One thread.
#pragma once

#include <filesystem>
#include <functional>

#include "agent/wipe_intent.h"
#include "platform/base/clock.h"
#include "platform/hardware.h"

namespace caretaker::agent {

struct WipeSettings {
  std::filesystem::path state;   // the guard's folder
  std::filesystem::path intent;  // beside the kernel
  sync::Hardware hardware;
  platform::HardwareDescription description;
  std::function<void(int ms)> wait;  // for the guard, which has the last receipt fetched
};

// Where the two processes meet in the guard's folder.
inline constexpr const char* kWipeCertificateFile = "wipe-certificate.json";  // envelope, from the wipe
inline constexpr const char* kWipeBegunFile = "wipe-begun";                  // from the wipe: from here on something may be destroyed
inline constexpr const char* kWipeNotBegunFile = "wipe-not-begun";           // from the wipe, which has ended and destroyed nothing: why
inline constexpr const char* kWipeGoOnFile = "wipe-go-on";                    // from the guard: the school has it

// Everything until the machine is off. Returns with an error, to be started again; and without one where nothing has been destroyed and
// kWipeNotBegunFile says why, for the guard to start it again (or when the eraser of a test lets it).
[[nodiscard]] Status run_wipe(const WipeSettings& settings, platform::Eraser& eraser, const Clock& clock);

}  // namespace caretaker::agent
