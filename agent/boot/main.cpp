// caretaker-boot: runs in the initramfs, before any disk is unlocked, with the folder beside the kernel as its argument. Goes on with a
// wipe that was cut off, with --to-the-end where nothing of this machine can start without the keys; does nothing where there is none, or where the school's signatures for this very machine are missing.
// Exit code 0: nothing to do; 10: something was destroyed, and this machine should not start; 1: it failed.
#include <string_view>

#include "agent/wipe_intent.h"
#include "platform/base/crypto.h"
#include "platform/base/log.h"
#include "platform/hardware.h"

int main(int argc, char** argv) {
  using namespace caretaker;
  constexpr int kDestroyed = 10;
  const bool to_the_end = argc == 3 && std::string_view(argv[2]) == "--to-the-end";
  if (argc != 2 && !to_the_end) return 1;
  if (auto ready = crypto_ready(); !ready) return 1;
  const platform::HardwareIdentity hardware = platform::hardware_identity();
  const auto eraser = platform::make_eraser();
  const auto resumed = agent::resume_wipe(argv[1], {hardware.dmi_uuid, hardware.board_serial}, *eraser, to_the_end);
  if (!resumed) {
    log_error("boot", resumed.error().message);
    return 1;
  }
  return *resumed ? kDestroyed : 0;
}
