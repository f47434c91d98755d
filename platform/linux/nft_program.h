// The program nft, fed with a text.
#pragma once

#include <string_view>

#include "platform/base/result.h"

namespace caretaker::platform {

// kInvalidInput: nft refuses the text, with its first complaint; kNotFound: it is not installed.
[[nodiscard]] Status run_nft(std::string_view text);

}  // namespace caretaker::platform
