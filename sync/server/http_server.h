// HTTPS for the few routes that a server has, by libmicrohttpd. One thread of its own runs everything, handlers included, so
// they never meet each other and must be short; SQLite behind them needs no lock. In production nginx stands in front.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "platform/files.h"
#include "platform/sockets.h"
#include "sync/server/tls_identity.h"

namespace caretaker::server {

struct HttpQuery {
  std::string path;           // without the query string
  Bytes body;
  std::uint64_t range_from = 0;  // of "Range: bytes=N-", the one form that is honoured
};

struct HttpReply {
  int status = 200;
  std::string content_type = "application/json";
  Bytes body;
  std::optional<platform::MappedFile> file;  // instead of a body, from query.range_from on
  std::optional<int> retry_after_s;
};

struct Route {
  std::string method;  // "GET" or "POST"
  std::string path;    // whole; or, when it ends with '/', the beginning
  // The longest body that is taken for this path; asked before a byte of it is read.
  std::function<std::size_t(const std::string& path)> max_body;
  std::function<HttpReply(const HttpQuery&)> handle;
};

struct HttpServerLimits {
  unsigned connections = 2048;
  unsigned connections_per_address = 512;  // a whole school may stand behind one address
  unsigned idle_s = 15;                    // without a byte
  std::int64_t request_ms = 120'000;       // from the first header to the last byte of the body
  std::size_t headers = 32u << 10;
  std::size_t buffered = 600u << 20;       // of all unfinished bodies together; room for the largest set file
};

// Listens as long as it lives. The routes are called on the server's own thread only.
class HttpServer {
 public:
  // kUnavailable when the address is taken. Port 0: any free one.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(const platform::Endpoint& at, const TlsIdentity& identity,
                                                                 std::vector<Route> routes, const HttpServerLimits& limits,
                                                                 const Clock& clock);
  virtual ~HttpServer() = default;  // stops taking connections, ends those there are, joins its thread
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

}  // namespace caretaker::server
