// The server's own TLS key and certificate. Devices pin the key (RFC 7469), so the certificate is self-signed and its dates
// and names matter to nobody but a person with a browser. Pure but for randomness.
#pragma once

#include <string>

#include "platform/base/clock.h"
#include "platform/http_server.h"

namespace caretaker::server {

using platform::TlsIdentity;

// An ECDSA P-256 key and a certificate for `host` (name or address), good for 20 years.
[[nodiscard]] Result<TlsIdentity> make_tls_identity(const std::string& host, UnixSeconds now);

// From files; kDamaged when they are none or do not belong together.
[[nodiscard]] Result<TlsIdentity> read_tls_identity(std::string key_pem, std::string certificate_pem);

}  // namespace caretaker::server
