// HTTPS for the few routes that a server has; plain HTTP for a proxy or for people on the same machine. Port: libmicrohttpd
// on Linux. One thread of its own runs everything, handlers included, so they never meet each other and must be short; SQLite behind them needs no lock. A
// request may be kept and answered later: it costs a few kB and no thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/crypto.h"
#include "platform/files.h"
#include "platform/sockets.h"

namespace caretaker::platform {

struct HttpQuery {
  std::string path;           // without the query string
  Bytes body;
  std::uint64_t range_from = 0;  // of "Range: bytes=N-", the one form that is honoured
  std::uint64_t ticket = 0;      // names this request among those that are kept
  // Only where the service names its peers. Names in lower case; what stands twice among the headers is joined by ", ".
  std::string peer;
  std::map<std::string, std::string> headers;
  std::map<std::string, std::string> arguments;  // of the query string, decoded; of those that stand twice the first
};

struct HttpReply {
  int status = 200;
  std::string content_type = "application/json";
  Bytes body;
  std::optional<MappedFile> file;  // instead of a body, from query.range_from on
  std::optional<int> retry_after_s;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct Route {
  std::string method;  // "GET" or "POST"
  std::string path;    // whole; or, when it ends with '/', the beginning of longer ones; "/": every path
  // The longest body that is taken for this path; asked before a byte of it is read.
  std::function<std::size_t(const std::string& path)> max_body;
  // nullopt: the request is kept, and answered by a LateReply to its ticket.
  std::function<std::optional<HttpReply>(const HttpQuery&)> handle;
};

struct LateReply {
  std::uint64_t ticket = 0;
  HttpReply reply;
};
struct Round {
  std::vector<LateReply> replies;
  std::int64_t next_ms = 0;  // when to ask again at the latest
};

struct HttpService {
  std::vector<Route> routes;
  // Asked after each round of work, on the server's thread; each kept request must be answered in the end. Empty: no request is
  // ever kept, and without requests the thread sleeps.
  std::function<Round()> after_round;
  // Plain HTTP for people of this machine: who is at the other end of a new connection. Each name has its own share of the
  // connections (HttpServerLimits::connections_per_address).
  std::function<std::string(const Endpoint& client)> name_peer = {};
};

struct HttpServerLimits {
  unsigned connections = 12'000;
  unsigned connections_per_address = 2048; // kept requests apart; a whole school may stand behind one address
  unsigned idle_s = 15;                    // without a byte
  std::int64_t request_ms = 120'000;       // from the first header to the last byte of the body
  std::size_t headers = 4096;              // also the room that a kept request takes
  std::size_t buffered = 600u << 20;       // of all unfinished bodies together; room for the largest set file
};

struct TlsIdentity {
  std::string key_pem;
  std::string certificate_pem;
  Hash pin{};  // SHA-256 over SubjectPublicKeyInfo
};

struct HttpListen {
  Endpoint at;              // port 0: any free one
  // nullptr: plain, on loopback only; without `name_peer` behind a proxy that ends TLS and names its client last in X-Forwarded-For.
  const TlsIdentity* identity = nullptr;
};

// Listens as long as it lives. The service is called on the server's own thread only.
class HttpServer {
 public:
  // kUnavailable when the address is taken; kInvalidInput: plain HTTP elsewhere than on loopback.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(const HttpListen& listen, HttpService service,
                                                                 const HttpServerLimits& limits, const Clock& clock);
  virtual ~HttpServer() = default;  // stops taking connections, ends those there are, kept ones too, joins its thread
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

}  // namespace caretaker::platform
