// `caretaker events`: what this machine's book holds, as the guard shows it to its administrator. Details open only with a
// recipient's key.
#pragma once

#include <filesystem>

#include "agent/control_user.h"
#include "platform/base/json.h"
#include "platform/base/result.h"

namespace caretaker::agent {

struct LocalEventsOptions {
  std::filesystem::path socket;
  std::filesystem::path key;  // empty: details stay sealed
  std::filesystem::path passphrase_file;
  bool json = false;
};

// As open_row() of event_rows.h takes it. Pure.
[[nodiscard]] Result<Json> make_row(const sync::EpochId& epoch, const QueuedEvent& event);

[[nodiscard]] Status run_local_events(const LocalEventsOptions& options);

}  // namespace caretaker::agent
