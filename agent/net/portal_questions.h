// The names by which programs find out whether a network wants them to log in first. Who asks for one has just come into a network, or
// finds nothing: a good moment to look as well. Pure; any thread.
#pragma once

#include <string_view>

namespace caretaker::agent {

[[nodiscard]] bool is_portal_question(std::string_view name);  // normalised

}  // namespace caretaker::agent
