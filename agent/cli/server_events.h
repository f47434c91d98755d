// `caretaker events --server`: the rows that the server holds, opened with a person's key on the person's own machine.
#pragma once

#include <filesystem>

#include "platform/base/clock.h"
#include "platform/base/json.h"
#include "platform/base/result.h"
#include "sync/key_file.h"

namespace caretaker::agent {

struct ServerEventsOptions {
  std::filesystem::path school;
  std::filesystem::path key;
  std::filesystem::path passphrase_file;
  bool json = false;
};

// One row of the server's answer with its body read and, if this key may, its details opened:
// {"id", "device", "label", "seq", "received", "kind", "time", "severity", "rule", "count", "details": {..} or "sealed": why not}.
// A stub has "dropped": how many events instead. Pure.
[[nodiscard]] Result<Json> open_row(const Json& row, const BoxKey& key);

[[nodiscard]] Status run_server_events(const ServerEventsOptions& options, const Clock& clock);

}  // namespace caretaker::agent
