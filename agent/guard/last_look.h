// What a look at people's sessions found, kept for a guard that is started anew, as a watchdog may do after a sleep: how long nobody was there
// before that. In a folder that a restart of the machine empties, and that no disk lies under. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "platform/base/clock.h"
#include "platform/base/result.h"

namespace caretaker::agent {

struct LastLook {
  MonotonicMs at = 0;                             // 0: never
  std::map<std::string, MonotonicMs> last_input;  // by session
};

[[nodiscard]] Status write_last_look(const std::filesystem::path& file, const LastLook& look);
// Nothing where there is no such file, or one that cannot be of this machine's time since it was started.
[[nodiscard]] LastLook read_last_look(const std::filesystem::path& file, MonotonicMs now);

}  // namespace caretaker::agent
