// Something signed that reaches a device beside root, policy and lists: an exception for a lesson, an order to one device. It
// comes in the check-in's answer until the device's book says what became of it. PROTOCOL.md, "Letters". Pure; any thread.
#pragma once

#include <array>
#include <optional>

#include "platform/base/clock.h"
#include "platform/base/json.h"
#include "sync/envelope.h"
#include "sync/ids.h"

namespace caretaker::sync {

// Names a letter for good: the first 16 bytes of the hash of its payload, so that one more signature leaves it the same letter.
using LetterId = std::array<std::uint8_t, 16>;
[[nodiscard]] LetterId letter_id(ByteView payload);
[[nodiscard]] std::string letter_name(const LetterId& id);  // hexadecimal, as it stands in the book

// What every letter's payload has beside its own members.
struct LetterHead {
  SchoolId school{};
  std::optional<DeviceId> device;  // nullopt: for all
  UnixSeconds issued = 0;
  UnixSeconds until = 0;           // after this it is neither given nor taken
};
[[nodiscard]] Json::Object letter_head_json(const LetterHead& head);        // with "v", for the payload's other members to be added
[[nodiscard]] Result<LetterHead> parse_letter_head(const Json& payload);  // L1

// L3, L4, L5: ours, for this device, and not over at `now`.
[[nodiscard]] Status check_letter_head(const LetterHead& head, const SchoolId& school, const DeviceId& device, UnixSeconds now);

// What kind it says it is, and its id. L2: of no kind that we know.
struct LetterLabel {
  PayloadType type{};
  LetterId id{};
};
[[nodiscard]] Result<LetterLabel> read_letter_label(const RawBlob& blob);

}  // namespace caretaker::sync
