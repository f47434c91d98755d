// Small things about text. Pure; any thread.
#pragma once

#include <string>

namespace caretaker {

// A-Z only, whatever the locale.
[[nodiscard]] inline std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace caretaker
