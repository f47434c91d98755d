// The server's own keys, in files that only its user can read. They can receive and confirm; they can order nothing.
#pragma once

#include <filesystem>
#include <string>

#include "platform/base/clock.h"
#include "sync/server/tls_identity.h"

namespace caretaker::server {

struct ServerKeys {
  SigningKey sign;  // role receipts: receipts and device certificates
  BoxKey box;       // opens the first ratchet key of every epoch
  TlsIdentity tls;
};

// Makes all of them in `folder`, and server-public.json, which the school puts into its root. kConflict when there are keys
// already: new ones would lock every device out. `url` is where devices will find the server.
[[nodiscard]] Status make_server_keys(const std::filesystem::path& folder, const std::string& url, const Clock& clock);

[[nodiscard]] Result<ServerKeys> read_server_keys(const std::filesystem::path& folder);

}  // namespace caretaker::server
