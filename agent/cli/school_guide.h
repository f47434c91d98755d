// The questions of `caretaker school new`, for people who have never heard of a key.
#pragma once

#include <functional>

#include "agent/cli/school_new.h"

namespace caretaker::agent {

// Whether something that has no default is missing: then there is somebody to ask, or there is an error.
[[nodiscard]] bool wants_guide(const SchoolNewOptions& options);

// Shows a text and gives back the line that was typed.
using AskPerson = std::function<Result<std::string>(const std::string& prompt)>;
// Fills in the options by questions with explanations and defaults, each asked again until its answer can be used.
[[nodiscard]] Status guide(SchoolNewOptions& options, const AskPerson& ask);

}  // namespace caretaker::agent
