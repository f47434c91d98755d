// A policy's text as it lies on a technician's machine, and what is said about it.
#pragma once

#include <filesystem>
#include <string>

#include "platform/base/result.h"
#include "policy/policy.h"
#include "policy/set_file.h"

namespace caretaker::agent {

// The text, at most 1 MiB; an error names the file.
[[nodiscard]] Result<std::string> read_policy_text(const std::filesystem::path& path);

// A policy that can be used; else an error that points to `caretaker policy check`.
[[nodiscard]] Result<policy::Policy> read_policy_file(const std::filesystem::path& path);

// "FILE:line:column: error: field: message\n".
[[nodiscard]] std::string format_diagnostic(std::string_view file, const policy::Diagnostic& diagnostic);

// What a policy does, in a line for each group.
[[nodiscard]] std::string make_policy_summary(const policy::Policy& policy);

// Warnings about categories that a group blocks and no list in the set has: they would block nothing.
[[nodiscard]] std::vector<policy::Diagnostic> check_categories(const policy::Policy& policy,
                                                               const policy::SetView& set);

}  // namespace caretaker::agent
