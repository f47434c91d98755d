// Rows of events for people and programs, wherever they come from: opened with a person's key where there is one.
#pragma once

#include "platform/base/json.h"
#include "platform/base/result.h"
#include "sync/event.h"

namespace caretaker::agent {

// One row {"from", "to", "body": base64 or absent in a stub, "sealed": {..} or absent, and "id", "device", "label", "epoch",
// "received", "acknowledged" as they are} with its body read and, if this key may, its details opened: {.., "seq", "kind", "time",
// "severity", "rule", "count", "details": {..} or "sealed": why not}. A stub has "dropped": how many events instead. Without a key
// details stay sealed. Pure.
[[nodiscard]] Result<Json> open_row(const Json& row, const BoxKey* key);

// A table with a heading. Pure.
[[nodiscard]] std::string show_rows(const Json::Array& opened);

}  // namespace caretaker::agent
