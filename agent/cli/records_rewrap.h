// `caretaker records rewrap`: lets a new safeguarding lead read the old records. Who could read them opens each record's key on
// their own machine and wraps it for the new lead; the record itself stays as it is.
#pragma once

#include <string>
#include <vector>

#include "agent/cli/desk.h"
#include "sync/key_file.h"
#include "sync/root.h"

namespace caretaker::agent {

struct RecordsRewrapOptions : PersonOptions {  // of a safeguarding lead, who asks the server
  std::filesystem::path open_with;        // whose records they are: the old lead's key or the escrow key; empty: `key`
  std::filesystem::path open_passphrase_file;  // empty: as passphrase_file
  std::vector<std::string> readers;       // holders who shall read them
};
[[nodiscard]] Status run_records_rewrap(const RecordsRewrapOptions& options, const Clock& clock);

struct Rewrapped {
  Json::Array keys;           // {"event", "recipient", "wrapped"} for the server
  std::int64_t closed = 0;    // records that this key does not open
};
// For the rows of one page of events.list: whatever `opener` opens and a reader does not have yet. Pure.
[[nodiscard]] Result<Rewrapped> rewrap_rows(const Json::Array& rows, const BoxKey& opener, const std::map<sync::KeyId, BoxPublicKey>& readers);

}  // namespace caretaker::agent
