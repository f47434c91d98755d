// The first 512 bytes of ClamAV's signature databases (.cvd, .cld): fields of text between colons, the ninth of which is the time of
// building. Source: ClamAV's documentation, "ClamAV Virus Database (CVD) files". Pure; any thread.
#pragma once

#include "platform/base/bytes.h"
#include "platform/base/clock.h"

namespace caretaker::platform {

// kInvalidInput for what is no such header.
[[nodiscard]] Result<UnixSeconds> parse_clamav_build_time(ByteView start);

}  // namespace caretaker::platform
