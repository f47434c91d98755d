// What a wipe writes down before it destroys anything, in a folder beside the kernel (/boot/caretaker) that is no part of what is
// destroyed: the signed order, the roots that it is verified by, and the volumes. After a power cut it is read before any disk is
// unlocked, verified anew, and gone on with. One thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/eraser.h"
#include "sync/order.h"
#include "sync/wipe_certificate.h"

namespace caretaker::agent {

// Which part of the wipe has to be there, or be done again, when the machine starts.
enum class IntentPhase { kKeys, kData, kDone };

struct WipeIntent {
  sync::SchoolId school{};
  sync::DeviceId device{};
  Bytes order;               // envelope
  std::vector<Bytes> roots;  // envelopes, from 1 on
  platform::ErasePlan plan;
  IntentPhase phase = IntentPhase::kKeys;
};
[[nodiscard]] Bytes make_intent(const WipeIntent& intent);
[[nodiscard]] Result<WipeIntent> parse_intent(ByteView bytes);
// Durable when it returns. kNotFound: nothing was intended.
[[nodiscard]] Status write_intent(const std::filesystem::path& folder, const WipeIntent& intent);
[[nodiscard]] Result<WipeIntent> read_intent(const std::filesystem::path& folder);

// What must not happen to the machine that `device` is now, enrolled after it: an intent for another device, from before the disk was
// installed anew or moved, or one that is done, goes. One for `device` itself that is not done stays.
[[nodiscard]] Status forget_other_intent(const std::filesystem::path& folder, const sync::DeviceId& device);

// The order in it, by the roots in it, for this very machine. Whoever can write to the folder can leave an intent there; without the
// school's signatures for this device and hardware it is none.
[[nodiscard]] Result<sync::VerifiedOrder> open_intent(const WipeIntent& intent, const sync::Hardware& hardware);

// Destroys and reads back the keys of every volume; what could not be done stands in what comes back. Also what was half done before.
[[nodiscard]] std::vector<sync::WipedMedium> destroy_all_keys(platform::Eraser& eraser, const WipePermit& permit, const platform::ErasePlan& plan);
// Everything else, as far as it goes.
void erase_all_data(platform::Eraser& eraser, const WipePermit& permit, const platform::ErasePlan& plan, int seconds);

// What is to be done when the machine starts: `intent` as it was found. True: a volume's keys were destroyed, or data. A machine that still
// starts afterwards reports its certificate before its data goes; `to_the_end`: this one does not, and everything goes now.
[[nodiscard]] Result<bool> resume_wipe(const std::filesystem::path& folder, const sync::Hardware& hardware, platform::Eraser& eraser, bool to_the_end);

}  // namespace caretaker::agent
