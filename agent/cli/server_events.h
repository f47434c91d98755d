// `caretaker events --server`: the rows that the server holds, opened with a person's key on the person's own machine.
#pragma once

#include <filesystem>

#include "platform/base/clock.h"
#include "platform/base/result.h"

namespace caretaker::agent {

struct ServerEventsOptions {
  std::filesystem::path school;
  std::filesystem::path key;
  std::filesystem::path passphrase_file;
  bool json = false;
};

[[nodiscard]] Status run_server_events(const ServerEventsOptions& options, const Clock& clock);

}  // namespace caretaker::agent
