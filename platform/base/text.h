// Small things about text. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace caretaker {

// A-Z only, whatever the locale.
[[nodiscard]] inline std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// Without the blanks around it.
[[nodiscard]] inline std::string_view trim(std::string_view text, std::string_view blanks = " \t\r") {
  const auto first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Whether it is UTF-8 in which nothing steers a terminal or turns what stands around it: no control characters, no marks of
// direction, no line ends but line feeds where there may be many.
enum class Lines { kOne, kMany };
[[nodiscard]] bool is_clean_text(std::string_view text, Lines lines);
// What somebody typed, as such a text of many lines: CR LF and CR are line feeds, what steers is a space, what is no UTF-8 U+FFFD.
[[nodiscard]] std::string clean_text(std::string_view text);

}  // namespace caretaker
