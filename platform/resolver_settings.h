// How the machine finds names, as far as that has to change so that every question is one that the filter can see. Port: one file a
// mechanism on Linux. Which resolver is asked need not change: the packet filter leads every question to us.
#pragma once

#include <filesystem>

#include "platform/base/result.h"

namespace caretaker::platform {

// `root` stands in front of every path of the machine's; `kept` is a folder for what was there before. May be called again, also after
// somebody else has changed the settings meanwhile.
[[nodiscard]] Status take_resolver_settings(const std::filesystem::path& root, const std::filesystem::path& kept);
// As it was, to the byte; what somebody else has changed since stays as they want it.
[[nodiscard]] Status restore_resolver_settings(const std::filesystem::path& root, const std::filesystem::path& kept);

}  // namespace caretaker::platform
