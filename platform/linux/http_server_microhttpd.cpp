// The only file that knows libmicrohttpd.
#include "platform/http_server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>

#include <atomic>
#include <charconv>
#include <cstring>
#include <map>
#include <thread>
#include <unordered_map>

#include "platform/base/log.h"
#include "platform/base/text.h"
#include "platform/linux/address_tally.h"
#include "platform/linux/endpoint_posix.h"

namespace caretaker::platform {
namespace {

HttpReply plain_error(int status, std::string_view name) {
  return {.status = status, .body = to_bytes("{\"error\":\"" + std::string(name) + "\",\"message\":\"\"}"), .file = {}, .retry_after_s = {}};
}

constexpr std::int64_t kLongestWaitMs = 250;  // so soon a stop is heard of
// Who is refused and has announced up to so much hears why after having sent it: a client that is answered in the middle
// of its sending finds a broken connection and no answer.
constexpr std::uint64_t kMaxDiscarded = 64u << 20;

// One request on its way in. Between its headers and its end libmicrohttpd keeps it for us.
struct Incoming {
  const Route* route = nullptr;
  std::size_t max_body = 0;
  MonotonicMs began = 0;
  HttpQuery query;
  MHD_Connection* connection = nullptr;
  std::unique_ptr<AddressTally::Place> place;  // behind a proxy; else the connection has it
  std::optional<HttpReply> late;               // of a request that was kept
  std::optional<HttpReply> refusal;            // what is sent is discarded
};

bool matches(const Route& route, std::string_view path) {
  if (route.path == "/") return true;
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

using Pairs = std::map<std::string, std::string>;

// Into a map of lower-case names. A header that stands twice has both values, which is then no good value of any that counts.
MHD_Result collect(void* into, MHD_ValueKind kind, const char* name, std::size_t name_size, const char* value, std::size_t size) {
  auto& pairs = *static_cast<Pairs*>(into);
  const std::string text(value ? value : "", value ? size : 0);
  const auto [place, is_new] = pairs.emplace(lower_case({name, name_size}), text);
  if (!is_new && kind == MHD_HEADER_KIND) place->second += ", " + text;
  return MHD_YES;
}

class MicrohttpdServer : public HttpServer {
 public:
  MicrohttpdServer(HttpService service, const HttpServerLimits& limits, const Clock& clock)
      : service_(std::move(service)), limits_(limits), clock_(clock), tally_(limits.connections_per_address) {}
  ~MicrohttpdServer() override;

  [[nodiscard]] Status listen(const HttpListen& where);
  [[nodiscard]] std::uint16_t port() const override {
    const auto* info = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
  }

 private:
  static MHD_Result on_connect(void* self, const sockaddr* from, socklen_t size);
  static void on_connection(void* self, MHD_Connection*, void** place, MHD_ConnectionNotificationCode what);
  static MHD_Result on_access(void* self, MHD_Connection* connection, const char* path, const char* method, const char*,
                              const char* data, std::size_t* size, void** state);
  static void on_completed(void* self, MHD_Connection*, void** state, MHD_RequestTerminationCode);
  MHD_Result on_headers(MHD_Connection* connection, const char* path, const char* method, void** state);
  [[nodiscard]] std::optional<HttpReply> refuse(MHD_Connection* connection, Incoming& incoming, std::string_view method) const;
  MHD_Result on_data(Incoming& incoming, ByteView piece);
  MHD_Result on_end(MHD_Connection* connection, Incoming& incoming);
  static MHD_Result answer(MHD_Connection* connection, HttpReply reply, std::uint64_t from);
  void forget_body(Incoming& incoming);
  void describe(Incoming& incoming) const;
  [[nodiscard]] std::string peer_name(const sockaddr* from) const;
  AddressTally::Place* place_of(const Incoming& incoming) const;
  void keep(Incoming& incoming);
  void resume(LateReply late);
  void run();

  const HttpService service_;
  const HttpServerLimits limits_;
  const Clock& clock_;
  bool behind_proxy_ = false;
  MHD_Daemon* daemon_ = nullptr;
  // The server's thread only.
  std::size_t buffered_ = 0;
  AddressTally tally_;
  std::uint64_t last_ticket_ = 0;
  std::unordered_map<std::uint64_t, Incoming*> kept_;

  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

Address to_address(const Endpoint& at) {
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

std::string host_of(const sockaddr* from) {
  Address address{};
  const bool is_v6 = from->sa_family == AF_INET6;
  std::memcpy(&address, from, is_v6 ? sizeof address.v6 : sizeof address.v4);
  const void* host = is_v6 ? static_cast<const void*>(&address.v6.sin6_addr) : &address.v4.sin_addr;
  return {static_cast<const char*>(host), is_v6 ? std::size_t{16} : 4};
}

// Who speaks to our proxy, by the proxy's own word: the last of the list; what stands before it is anybody's.
std::string forwarded_for(MHD_Connection* connection) {
  const std::string_view list = header(connection, "X-Forwarded-For");
  const auto begin = list.find_last_of(", ");
  return std::string(begin == std::string_view::npos ? list : list.substr(begin + 1));
}

bool is_loopback(const Endpoint& at) {
  static constexpr std::array<std::uint8_t, 16> kLoopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return at.is_v6 ? at.address == kLoopback6 : at.address[0] == 127;
}

// The list ends with MHD_OPTION_END.
std::vector<MHD_OptionItem> tls_options(const TlsIdentity* identity) {
  const auto text = [](const char* value) { return const_cast<char*>(value); };
  if (identity == nullptr) return {{MHD_OPTION_END, 0, nullptr}};
  return {{MHD_OPTION_HTTPS_MEM_KEY, 0, text(identity->key_pem.c_str())},
          {MHD_OPTION_HTTPS_MEM_CERT, 0, text(identity->certificate_pem.c_str())},
          {MHD_OPTION_HTTPS_PRIORITIES, 0, text("NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2")},
          {MHD_OPTION_END, 0, nullptr}};
}

Status MicrohttpdServer::listen(const HttpListen& where) {
  const bool is_plain = where.identity == nullptr;
  behind_proxy_ = is_plain && !service_.name_peer;
  if (is_plain && !is_loopback(where.at)) {
    return make_error(ErrorCode::kInvalidInput, "plain HTTP is for this machine alone: give an address of 127.0.0.0/8 or ::1");
  }
  const Address address = to_address(where.at);
  unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  if (!is_plain) flags |= MHD_USE_TLS;
  if (!service_.after_round) flags |= MHD_USE_INTERNAL_POLLING_THREAD;  // sleeps until somebody comes
  if (where.at.is_v6) flags |= MHD_USE_IPv6;
  std::vector<MHD_OptionItem> tls = tls_options(where.identity);
  daemon_ = MHD_start_daemon(flags, where.at.port, on_connect, this, on_access, this,
                             MHD_OPTION_EXTERNAL_LOGGER, forward_log, nullptr,
                             MHD_OPTION_SOCK_ADDR, &address.any,
                             MHD_OPTION_ARRAY, tls.data(),
                             MHD_OPTION_CONNECTION_LIMIT, limits_.connections,
                             MHD_OPTION_CONNECTION_TIMEOUT, limits_.idle_s,
                             MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits_.headers,
                             MHD_OPTION_NOTIFY_CONNECTION, on_connection, this,
                             MHD_OPTION_NOTIFY_COMPLETED, on_completed, this, MHD_OPTION_END);
  if (!daemon_) return make_error(ErrorCode::kUnavailable, "cannot listen on " + to_text(where.at));
  if (service_.after_round) thread_ = std::thread([this] { run(); });
  return ok();
}

MicrohttpdServer::~MicrohttpdServer() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  for (const auto& [ticket, incoming] : kept_) MHD_resume_connection(incoming->connection);
  if (daemon_) MHD_stop_daemon(daemon_);
}

void MicrohttpdServer::run() {
  std::int64_t wait_ms = 0;
  while (!stopping_) {
    if (MHD_run_wait(daemon_, static_cast<std::int32_t>(wait_ms)) != MHD_YES) {
      log_error("http", "the network cannot be waited for");
      std::this_thread::sleep_for(std::chrono::milliseconds(kLongestWaitMs));
    }
    Round round = service_.after_round();
    wait_ms = round.replies.empty() ? std::clamp<std::int64_t>(round.next_ms, 0, kLongestWaitMs) : 0;
    for (LateReply& late : round.replies) resume(std::move(late));
  }
}

// Behind a proxy every connection comes from the proxy, and the request says for whom.
MHD_Result MicrohttpdServer::on_connect(void* self, const sockaddr* from, socklen_t) {
  const auto& server = *static_cast<MicrohttpdServer*>(self);
  return server.behind_proxy_ || server.tally_.has_room(server.peer_name(from)) ? MHD_YES : MHD_NO;
}

void MicrohttpdServer::on_connection(void* self, MHD_Connection* connection, void** place, MHD_ConnectionNotificationCode what) {
  auto& server = *static_cast<MicrohttpdServer*>(self);
  if (server.behind_proxy_) return;
  if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
    delete static_cast<AddressTally::Place*>(*place);
    return;
  }
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (info) *place = new AddressTally::Place(server.tally_, server.peer_name(info->client_addr));
}

std::string MicrohttpdServer::peer_name(const sockaddr* from) const {
  if (!service_.name_peer) return host_of(from);
  sockaddr_storage address{};
  std::memcpy(&address, from, from->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
  return service_.name_peer(from_sockaddr(address));
}

AddressTally::Place* MicrohttpdServer::place_of(const Incoming& incoming) const {
  if (behind_proxy_) return incoming.place.get();
  const auto* info = MHD_get_connection_info(incoming.connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? static_cast<AddressTally::Place*>(info->socket_context) : nullptr;
}

void MicrohttpdServer::forget_body(Incoming& incoming) {
  buffered_ -= incoming.query.body.size();
  incoming.query.body = Bytes();
}

void MicrohttpdServer::on_completed(void* self, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
  const std::unique_ptr<Incoming> incoming(static_cast<Incoming*>(*state));
  *state = nullptr;
  if (!incoming) return;
  auto& server = *static_cast<MicrohttpdServer*>(self);
  server.forget_body(*incoming);
  server.kept_.erase(incoming->query.ticket);
}

void MicrohttpdServer::keep(Incoming& incoming) {
  forget_body(incoming);
  if (auto* place = place_of(incoming)) place->leave();
  kept_.emplace(incoming.query.ticket, &incoming);
  MHD_suspend_connection(incoming.connection);
}

void MicrohttpdServer::resume(LateReply late) {
  const auto found = kept_.find(late.ticket);
  if (found == kept_.end()) return;
  Incoming& incoming = *found->second;
  kept_.erase(found);
  incoming.late = std::move(late.reply);
  if (auto* place = place_of(incoming)) place->take();
  MHD_resume_connection(incoming.connection);
}

MHD_Result MicrohttpdServer::on_access(void* self, MHD_Connection* connection, const char* path, const char* method,
                                       const char*, const char* data, std::size_t* size, void** state) {
  auto& server = *static_cast<MicrohttpdServer*>(self);
  if (!*state) return server.on_headers(connection, path, method, state);
  auto& incoming = *static_cast<Incoming*>(*state);
  if (*size == 0) return server.on_end(connection, incoming);
  const ByteView piece = as_bytes({data, *size});
  *size = 0;
  return server.on_data(incoming, piece);
}

MHD_Result MicrohttpdServer::on_end(MHD_Connection* connection, Incoming& incoming) {
  if (incoming.refusal) return answer(connection, std::move(*incoming.refusal), 0);
  auto reply = incoming.late ? std::exchange(incoming.late, {}) : incoming.route->handle(incoming.query);
  if (reply) return answer(connection, std::move(*reply), incoming.query.range_from);
  keep(incoming);
  return MHD_YES;
}

// Finds the route, and why nothing that follows the headers would be taken.
std::optional<HttpReply> MicrohttpdServer::refuse(MHD_Connection* connection, Incoming& incoming, std::string_view method) const {
  const std::string& path = incoming.query.path;
  bool path_known = false;
  for (const auto& candidate : service_.routes) {
    if (!matches(candidate, path)) continue;
    path_known = true;
    if (candidate.method == method) incoming.route = &candidate;
  }
  if (!incoming.route) return path_known ? plain_error(405, "invalid-input") : plain_error(404, "not-found");
  incoming.max_body = incoming.route->max_body ? incoming.route->max_body(path) : 0;
  const auto announced = header(connection, "Content-Length");
  if (!announced.empty() && parse_number(announced).value_or(UINT64_MAX) > incoming.max_body) {
    return incoming.max_body == 0 ? plain_error(404, "not-found") : plain_error(413, "too-large");
  }
  if (behind_proxy_ && !tally_.has_room(forwarded_for(connection))) return plain_error(503, "unavailable");
  return std::nullopt;
}

void MicrohttpdServer::describe(Incoming& incoming) const {
  if (const auto* place = place_of(incoming)) incoming.query.peer = place->address();
  MHD_get_connection_values_n(incoming.connection, MHD_HEADER_KIND, collect, &incoming.query.headers);
  MHD_get_connection_values_n(incoming.connection, MHD_GET_ARGUMENT_KIND, collect, &incoming.query.arguments);
}

// Answering here, before the body, makes libmicrohttpd close the connection after the answer.
MHD_Result MicrohttpdServer::on_headers(MHD_Connection* connection, const char* path, const char* method, void** state) {
  auto incoming = std::make_unique<Incoming>();
  incoming->began = clock_.monotonic_ms();
  incoming->query = {path, {}, range_from(header(connection, "Range")), ++last_ticket_, {}, {}, {}};
  incoming->connection = connection;
  if (service_.name_peer) describe(*incoming);
  incoming->refusal = refuse(connection, *incoming, method);
  const bool has_room = !behind_proxy_ || tally_.has_room(forwarded_for(connection));
  if (incoming->refusal) {
    const auto announced = parse_number(header(connection, "Content-Length")).value_or(0);
    const bool comes = announced > 0 && announced <= kMaxDiscarded && header(connection, "Expect").empty();
    if (!comes || !has_room) return answer(connection, std::move(*incoming->refusal), 0);
  }
  if (behind_proxy_) incoming->place = std::make_unique<AddressTally::Place>(tally_, forwarded_for(connection));
  *state = incoming.release();
  return MHD_YES;
}

MHD_Result MicrohttpdServer::on_data(Incoming& incoming, ByteView piece) {
  const bool too_slow = clock_.monotonic_ms() - incoming.began > limits_.request_ms;
  if (incoming.refusal) return too_slow ? MHD_NO : MHD_YES;
  const bool too_long = incoming.query.body.size() + piece.size() > incoming.max_body;
  const bool too_much = buffered_ + piece.size() > limits_.buffered;
  if (too_long || too_slow || too_much) return MHD_NO;  // closes the connection: no answer is due to who goes on and on
  buffered_ += piece.size();
  incoming.query.body.insert(incoming.query.body.end(), piece.begin(), piece.end());
  return MHD_YES;
}

MHD_Response* file_response(MappedFile file, std::uint64_t from) {
  const ByteView tail = file.bytes().subspan(static_cast<std::size_t>(from));
  auto* keeper = new MappedFile(std::move(file));
  const auto forget = [](void* kept) { delete static_cast<MappedFile*>(kept); };
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
  for (const auto& [name, value] : reply.headers) MHD_add_response_header(response, name.c_str(), value.c_str());
  if (reply.retry_after_s) MHD_add_response_header(response, "Retry-After", std::to_string(*reply.retry_after_s).c_str());
  const MHD_Result queued = MHD_queue_response(connection, static_cast<unsigned>(reply.status), response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpListen& listen, HttpService service,
                                                      const HttpServerLimits& limits, const Clock& clock) {
  auto server = std::make_unique<MicrohttpdServer>(std::move(service), limits, clock);
  TRY_DONE(server->listen(listen));
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace caretaker::platform
