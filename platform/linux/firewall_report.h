// What the process that may look at the firewall leaves for the guard, which may not: a word and when.
#pragma once

#include <filesystem>

#include "platform/base/posture_facts.h"

namespace caretaker::platform {

[[nodiscard]] Status write_firewall_report(const std::filesystem::path& to, Firewall found, MonotonicMs now);
// Unknown where there is none, or none of the last hour.
[[nodiscard]] Firewall read_firewall_report(const std::filesystem::path& from, MonotonicMs now);

}  // namespace caretaker::platform
