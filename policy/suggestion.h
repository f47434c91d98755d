// "Did you mean ...?" Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace caretaker::policy {

// The candidate that `word` was probably meant to be (one slip in about three letters: left out, added, wrong,
// swapped), or "".
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// "; did you mean \"block\"?", or "" where nothing is near.
[[nodiscard]] std::string suggest(std::string_view word, std::span<const std::string_view> candidates);

// "\"a\", \"b\" or \"c\"".
[[nodiscard]] std::string list_choices(std::span<const std::string_view> choices);

}  // namespace caretaker::policy
