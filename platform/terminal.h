// The person at the terminal, if there is one. Port.
#pragma once

#include <string>
#include <string_view>

#include "platform/base/result.h"

namespace caretaker::platform {

// Whether somebody sees what goes to standard error. Any thread.
[[nodiscard]] bool error_output_is_terminal();

// Shows `prompt` and reads one line, which is seen as it is typed. kUnavailable when no terminal belongs to this process, or it ends.
[[nodiscard]] Result<std::string> ask_line(std::string_view prompt);
// Whether there is somebody to ask.
[[nodiscard]] bool has_terminal();

// Shows `prompt` and reads one line that is not shown. kUnavailable when no terminal belongs to this process.
[[nodiscard]] Result<std::string> ask_secret(std::string_view prompt);

}  // namespace caretaker::platform
