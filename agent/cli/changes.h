// `caretaker changes`: everything signed that the school has published, by whom and when, checked on this machine.
#pragma once

#include "agent/cli/desk.h"
#include "sync/change_log.h"

namespace caretaker::agent {

struct ChangesOptions : PersonOptions {
  std::filesystem::path file;  // read from here instead of asking the server
  std::filesystem::path save;  // and kept here, for somebody else to check
  bool verify = false;         // one line for the whole, and an error if anything is wrong
};

// The entries as the server sends them, and as they are saved.
[[nodiscard]] Result<std::vector<sync::ChangeEntry>> parse_changes(const Json& answer);

[[nodiscard]] Status run_changes(const ChangesOptions& options, const Clock& clock);

}  // namespace caretaker::agent
