// What comes out of a form, and what may go into a page. Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "platform/base/result.h"

namespace caretaker::agent {

using FormFields = std::map<std::string, std::string, std::less<>>;

// application/x-www-form-urlencoded. kInvalidInput: a broken escape, a name that stands twice, more than 16 fields.
[[nodiscard]] Result<FormFields> parse_form(std::string_view body);

// For text and attribute values of a page.
[[nodiscard]] std::string escape_html(std::string_view text);
// The same with line ends as <br>.
[[nodiscard]] std::string escape_lines(std::string_view text);
// For a value in a query string.
[[nodiscard]] std::string escape_query(std::string_view text);

// The name of the site in what somebody typed or pasted: "https://www.example.org:443/page?x" -> "www.example.org". Not checked.
[[nodiscard]] std::string_view site_in(std::string_view typed);

}  // namespace caretaker::agent
