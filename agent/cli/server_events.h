// `caretaker events --server`: the rows that the server holds, opened with a person's key on the person's own machine.
#pragma once

#include "agent/cli/desk.h"

namespace caretaker::agent {

struct ServerEventsOptions : PersonOptions {
  bool json = false;
};

[[nodiscard]] Status run_server_events(const ServerEventsOptions& options, const Clock& clock);

}  // namespace caretaker::agent
