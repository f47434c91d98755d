// `caretaker exception`: a teacher opens a site for a lesson, with their own key.
#pragma once

#include <optional>
#include <string>

#include "agent/cli/desk.h"
#include "sync/exception.h"

namespace caretaker::agent {

struct ExceptionOptions : PersonOptions {
  std::string name;      // of the site
  std::string group;     // the class
  std::string from;      // "": now
  std::string until;
  std::string letter;    // to be closed
  std::filesystem::path out;  // "": to the server
  bool json = false;
};

// "12:30" today by this machine's clock, or RFC 3339.
[[nodiscard]] Result<UnixSeconds> parse_lesson_time(const std::string& text, UnixSeconds now);
// The server's list as a table; what is not signed as it should be is left out.
[[nodiscard]] Result<std::string> show_exceptions(const Json& answer, const sync::VerifiedRoot& root, UnixSeconds now);

[[nodiscard]] Status run_exception_open(const ExceptionOptions& options, const Clock& clock);
[[nodiscard]] Status run_exception_close(const ExceptionOptions& options, const Clock& clock);
[[nodiscard]] Status run_exception_list(const ExceptionOptions& options, const Clock& clock);

}  // namespace caretaker::agent
