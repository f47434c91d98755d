// HTTPS to the school's server, or to a list's publisher. Port: cpprestsdk on Linux.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "platform/base/bytes.h"
#include "platform/base/crypto.h"
#include "platform/base/result.h"

namespace caretaker::platform {

struct HttpRequest {
  std::string method;  // "GET" or "POST"
  std::string path;    // "/v1/checkin"
  std::string content_type;
  Bytes body;
  std::uint64_t range_from = 0;  // > 0: "Range: bytes=N-", to resume a download
};

struct HttpResponse {
  int status = 0;
  Bytes body;
  std::optional<int> retry_after_s;
};

struct HttpLimits {
  std::chrono::seconds timeout{30};
  std::size_t max_body = 8u << 20;  // a longer answer is cut off at once: kTooLarge
  std::stop_token stop{};           // asked for, by any thread: the request ends at once, kUnavailable
};

// One server. send() blocks; any thread, one request at a time per thread. Redirects are not followed.
// Errors: kUnavailable (no connection, timeout), kUnauthentic (no pin matches), kTooLarge. HTTP error statuses are
// values, not errors.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  // Takes a 2xx body piece by piece instead of HttpResponse::body; an error ends the transfer and is returned.
  using BodySink = std::function<Status(ByteView piece)>;
  [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request, const HttpLimits& limits,
                                                  const BodySink& sink = nullptr) = 0;
};

// SPKI pins are SHA-256 over SubjectPublicKeyInfo (RFC 7469 section 2.4). With pins, the certificate's chain and name do
// not matter and one pin must match; without, the system's authorities decide.
[[nodiscard]] Result<std::unique_ptr<HttpTransport>> make_http_transport(const std::string& base_url,
                                                                         std::vector<Hash> spki_pins);

}  // namespace caretaker::platform
