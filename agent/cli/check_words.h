// The number of a check, as it stands in the book, with what it means in plain words.
#pragma once

#include <string>
#include <string_view>

namespace caretaker::agent {

// "B5 (not newer than what was accepted before)"; the number alone where nobody knows it.
[[nodiscard]] std::string in_words(std::string_view check);

}  // namespace caretaker::agent
