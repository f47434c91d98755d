// The only file that knows libmicrohttpd.
#include "sync/server/http_server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

#include "platform/base/log.h"

namespace caretaker::server {
namespace {

HttpReply plain_error(int status, std::string_view name) {
  return {.status = status, .body = to_bytes("{\"error\":\"" + std::string(name) + "\",\"message\":\"\"}"), .file = {}, .retry_after_s = {}};
}

// One request on its way in. Between its headers and its end libmicrohttpd keeps it for us.
struct Incoming {
  const Route* route = nullptr;
  std::size_t max_body = 0;
  MonotonicMs began = 0;
  HttpQuery query;
};

bool matches(const Route& route, std::string_view path) {
  return route.path.ends_with('/') ? path.starts_with(route.path) && path.size() > route.path.size() : path == route.path;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view header(MHD_Connection* connection, const char* name) {
  const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
  return value ? value : "";
}

// Other forms of Range are ignored, as RFC 9110 section 14.2 allows: the whole is sent.
std::uint64_t range_from(std::string_view range) {
  if (!range.starts_with("bytes=") || !range.ends_with('-')) return 0;
  return parse_number(range.substr(6, range.size() - 7)).value_or(0);
}

class MicrohttpdServer : public HttpServer {
 public:
  MicrohttpdServer(std::vector<Route> routes, const HttpServerLimits& limits, const Clock& clock)
      : routes_(std::move(routes)), limits_(limits), clock_(clock) {}
  ~MicrohttpdServer() override { if (daemon_) MHD_stop_daemon(daemon_); }

  [[nodiscard]] Status listen(const platform::Endpoint& at, const TlsIdentity& identity);
  [[nodiscard]] std::uint16_t port() const override {
    const auto* info = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
  }

 private:
  static MHD_Result on_access(void* self, MHD_Connection* connection, const char* path, const char* method, const char*,
                              const char* data, std::size_t* size, void** state);
  static void on_completed(void* self, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
    auto* incoming = static_cast<Incoming*>(*state);
    if (incoming) static_cast<MicrohttpdServer*>(self)->buffered_ -= incoming->query.body.size();
    delete incoming;
    *state = nullptr;
  }
  MHD_Result on_headers(MHD_Connection* connection, const char* path, const char* method, void** state);
  MHD_Result on_data(MHD_Connection* connection, Incoming& incoming, ByteView piece);
  static MHD_Result answer(MHD_Connection* connection, HttpReply reply, std::uint64_t from);

  const std::vector<Route> routes_;
  const HttpServerLimits limits_;
  const Clock& clock_;
  MHD_Daemon* daemon_ = nullptr;
  std::size_t buffered_ = 0;  // the server's thread only
};

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

Address to_address(const platform::Endpoint& at) {
  Address out{};
  if (at.is_v6) {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(at.port);
    std::memcpy(&out.v6.sin6_addr, at.address.data(), 16);
  } else {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(at.port);
    std::memcpy(&out.v4.sin_addr, at.address.data(), 4);
  }
  return out;
}

// libmicrohttpd reports every broken handshake; that is for whoever debugs, not for the school's log.
void forward_log(void*, const char* format, va_list arguments) {
  std::array<char, 512> line{};
  if (std::vsnprintf(line.data(), line.size(), format, arguments) > 0) log_debug("http", line.data());
}

Status MicrohttpdServer::listen(const platform::Endpoint& at, const TlsIdentity& identity) {
  const Address address = to_address(at);
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_USE_ERROR_LOG;
  if (at.is_v6) flags |= MHD_USE_IPv6;
  daemon_ = MHD_start_daemon(flags, at.port, nullptr, nullptr, on_access, this,
                             MHD_OPTION_EXTERNAL_LOGGER, forward_log, nullptr,
                             MHD_OPTION_SOCK_ADDR, &address.any,
                             MHD_OPTION_HTTPS_MEM_KEY, identity.key_pem.c_str(),
                             MHD_OPTION_HTTPS_MEM_CERT, identity.certificate_pem.c_str(),
                             MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
                             MHD_OPTION_CONNECTION_LIMIT, limits_.connections,
                             MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits_.connections_per_address,
                             MHD_OPTION_CONNECTION_TIMEOUT, limits_.idle_s,
                             MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits_.headers,
                             MHD_OPTION_NOTIFY_COMPLETED, on_completed, this, MHD_OPTION_END);
  if (!daemon_) return make_error(ErrorCode::kUnavailable, "cannot listen on " + platform::to_text(at));
  return ok();
}

MHD_Result MicrohttpdServer::on_access(void* self, MHD_Connection* connection, const char* path, const char* method,
                                       const char*, const char* data, std::size_t* size, void** state) {
  auto& server = *static_cast<MicrohttpdServer*>(self);
  if (!*state) return server.on_headers(connection, path, method, state);
  auto& incoming = *static_cast<Incoming*>(*state);
  if (*size > 0) {
    const ByteView piece = as_bytes({data, *size});
    *size = 0;
    return server.on_data(connection, incoming, piece);
  }
  return answer(connection, incoming.route->handle(incoming.query), incoming.query.range_from);
}

// Answering here, before the body, makes libmicrohttpd close the connection after the answer.
MHD_Result MicrohttpdServer::on_headers(MHD_Connection* connection, const char* path, const char* method, void** state) {
  const Route* route = nullptr;
  bool path_known = false;
  for (const auto& candidate : routes_) {
    if (!matches(candidate, path)) continue;
    path_known = true;
    if (candidate.method == method) route = &candidate;
  }
  if (!route) return answer(connection, path_known ? plain_error(405, "invalid-input") : plain_error(404, "not-found"), 0);
  const std::size_t max_body = route->max_body ? route->max_body(path) : 0;
  const auto announced = header(connection, "Content-Length");
  if (!announced.empty() && parse_number(announced).value_or(UINT64_MAX) > max_body) {
    return answer(connection, max_body == 0 ? plain_error(404, "not-found") : plain_error(413, "too-large"), 0);
  }
  *state = new Incoming{route, max_body, clock_.monotonic_ms(), {path, {}, range_from(header(connection, "Range"))}};
  return MHD_YES;
}

MHD_Result MicrohttpdServer::on_data(MHD_Connection*, Incoming& incoming, ByteView piece) {
  const bool too_long = incoming.query.body.size() + piece.size() > incoming.max_body;
  const bool too_slow = clock_.monotonic_ms() - incoming.began > limits_.request_ms;
  const bool too_much = buffered_ + piece.size() > limits_.buffered;
  if (too_long || too_slow || too_much) return MHD_NO;  // closes the connection: no answer is due to who goes on and on
  buffered_ += piece.size();
  incoming.query.body.insert(incoming.query.body.end(), piece.begin(), piece.end());
  return MHD_YES;
}

MHD_Response* file_response(platform::MappedFile file, std::uint64_t from) {
  const ByteView tail = file.bytes().subspan(static_cast<std::size_t>(from));
  auto* keeper = new platform::MappedFile(std::move(file));
  const auto forget = [](void* kept) { delete static_cast<platform::MappedFile*>(kept); };
  return MHD_create_response_from_buffer_with_free_callback_cls(tail.size(), const_cast<std::uint8_t*>(tail.data()), forget, keeper);
}

MHD_Result MicrohttpdServer::answer(MHD_Connection* connection, HttpReply reply, std::uint64_t from) {
  MHD_Response* response = nullptr;
  const std::uint64_t whole = reply.file ? reply.file->bytes().size() : 0;
  if (reply.file && from < whole) {
    response = file_response(std::move(*reply.file), from);
    const auto range = "bytes " + std::to_string(from) + "-" + std::to_string(whole - 1) + "/" + std::to_string(whole);
    if (from > 0) MHD_add_response_header(response, "Content-Range", range.c_str());
    if (from > 0) reply.status = 206;
  } else {
    if (reply.file) reply.status = 416;
    response = MHD_create_response_from_buffer(reply.body.size(), reply.body.data(), MHD_RESPMEM_MUST_COPY);
  }
  if (!response) return MHD_NO;
  MHD_add_response_header(response, "Content-Type", reply.content_type.c_str());
  if (reply.retry_after_s) MHD_add_response_header(response, "Retry-After", std::to_string(*reply.retry_after_s).c_str());
  const MHD_Result queued = MHD_queue_response(connection, static_cast<unsigned>(reply.status), response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const platform::Endpoint& at, const TlsIdentity& identity,
                                                      std::vector<Route> routes, const HttpServerLimits& limits,
                                                      const Clock& clock) {
  auto server = std::make_unique<MicrohttpdServer>(std::move(routes), limits, clock);
  TRY_DONE(server->listen(at, identity));
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace caretaker::server
