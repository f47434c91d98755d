// The server's own keys, in files that only its user can read. They can receive and confirm; they can order nothing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "sync/server/tls_identity.h"

namespace caretaker::server {

struct ServerKeys {
  SigningKey sign;  // role receipts: receipts and device certificates
  BoxKey box;       // opens the first ratchet key of every epoch
  TlsIdentity tls;
};

// Makes all of them in `folder`, a spare TLS identity in its folder spare/, to be kept elsewhere, and server-public.json, which the
// school puts into its root. kConflict when there are keys already: new ones would lock every device out. `url` is where devices
// will find the server.
[[nodiscard]] Status make_server_keys(const std::filesystem::path& folder, const std::string& url, const Clock& clock);

// The spare in `spare` becomes the TLS identity, if the root names its pin, and a new spare is made in folder/spare. It may be done again
// when it was cut off.
[[nodiscard]] Status switch_tls(const std::filesystem::path& folder, const std::filesystem::path& spare, const std::vector<Hash>& pins_of_root,
                                const Clock& clock);
// server-public.json with another address: the server was moved.
[[nodiscard]] Status change_url(const std::filesystem::path& folder, const std::string& url);

[[nodiscard]] Result<ServerKeys> read_server_keys(const std::filesystem::path& folder);

}  // namespace caretaker::server
