// `caretaker token new`: what enrols one machine within a day.
#pragma once

#include "agent/cli/desk.h"


namespace caretaker::agent {

struct TokenNewOptions : PersonOptions {
  std::filesystem::path out;
};

// The secret is drawn here and written to `out` (0600); the server gets its hash and nothing else.
[[nodiscard]] Status run_token_new(const TokenNewOptions& options, const Clock& clock);

}  // namespace caretaker::agent
