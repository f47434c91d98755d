// Whether LUKS 2's two binary headers are as they were written. libcryptsetup reads and judges what is in them, but is content with
// one of the two. Source: "LUKS2 On-Disk Format Specification" 1.1, section 2.1. Pure; any thread.
#pragma once

#include "platform/base/bytes.h"

namespace caretaker::platform {

inline constexpr std::uint64_t kMaxLuks2Header = 4u << 20;

// The length that the header at the start gives for itself, with its JSON; kInvalidInput where it is no header of LUKS 2.
[[nodiscard]] Result<std::uint64_t> luks2_header_size(ByteView start);
// `headers`: both of them from the start of the volume.
[[nodiscard]] Status check_luks2_headers(ByteView headers);

}  // namespace caretaker::platform
