// Text for the pages that people print.
#pragma once

#include <string>

namespace caretaker::agent {

// Control characters as '?', and nothing in it is markup.
[[nodiscard]] std::string html_text(const std::string& text);

}  // namespace caretaker::agent
