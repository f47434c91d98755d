// A code that a technician reads out over the telephone and that unlocks one lost device once, without a network. The device makes
// a secret and seals it to the technicians of the root; its check-in carries the boxes, so the server has them and can open none.
// The screen shows a challenge, the technician's machine makes the code of it. PROTOCOL.md, "Unlock codes". Pure; any thread.
#pragma once

#include <map>
#include <string>

#include "platform/base/json.h"
#include "sync/root.h"

namespace caretaker::sync {

// Eight digits each.
[[nodiscard]] std::string make_challenge();
[[nodiscard]] std::string unlock_code(const SecretKey& secret, const DeviceId& device, std::string_view challenge);
// Digits alone, of what somebody typed: blanks and dashes do not count. kInvalidInput for anything but eight digits.
[[nodiscard]] Result<std::string> parse_digits(std::string_view typed);

// The secret in a box for each recipient of the kind "technician", and the escrow key: {key id: base64}.
[[nodiscard]] Json seal_unlock_secret(const SecretKey& secret, const Root& root);
// kNotFound: not for this key.
[[nodiscard]] Result<SecretKey> open_unlock_secret(const Json& boxes, const BoxKey& key);

// How long nobody may try again after so many wrong codes in a row.
[[nodiscard]] std::int64_t unlock_pause_s(int wrong);

}  // namespace caretaker::sync
