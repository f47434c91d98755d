// Whether a person is watching. Port. Any thread.
#pragma once

namespace caretaker::platform {

[[nodiscard]] bool error_output_is_terminal();

}  // namespace caretaker::platform
