#include "agent/net/page_server.h"

#include <charconv>

#include "agent/notice.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxForm = 32u << 10;  // 6,000 bytes of words, each as "%xx", and the rest

platform::HttpServerLimits limits() {
  platform::HttpServerLimits out;
  out.connections = 128;
  out.connections_per_address = 24;  // of one user
  out.idle_s = 20;
  out.request_ms = 30'000;
  out.headers = 16u << 10;
  out.buffered = 1u << 20;
  return out;
}

// Nothing from elsewhere, in no frame, kept by no cache.
std::vector<std::pair<std::string, std::string>> safe_headers() {
  return {{"Content-Security-Policy",
           "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
           "base-uri 'none'; frame-ancestors 'none'"},
          {"X-Frame-Options", "DENY"},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Cache-Control", "no-store"}};
}

std::optional<std::uint32_t> uid_in(const std::string& peer) {
  std::uint32_t uid = 0;
  const auto [end, error] = std::from_chars(peer.data(), peer.data() + peer.size(), uid);
  if (peer.empty() || error != std::errc() || end != peer.data() + peer.size()) return std::nullopt;
  return uid;
}

}  // namespace

std::string PageServer::name_peer(const platform::Endpoint& client) {
  if (!ready_) return "";
  const auto owner = owners_.owner(platform::Protocol::kTcp, client, at_);
  return owner ? std::to_string(*owner) : "";
}

platform::HttpReply PageServer::answer(const std::string& method, const platform::HttpQuery& query) {
  platform::HttpReply reply{.status = 503, .content_type = "text/plain", .body = {}, .file = {}, .retry_after_s = {}};
  if (!ready_) return reply;
  const PageRequest request{method, query.path, query.arguments, query.headers, std::string(as_text(query.body)), uid_in(query.peer)};
  const PageReply page = page_.answer(request, own_);
  reply.status = page.status;
  reply.content_type = page.type;
  reply.body = to_bytes(page.body);
  reply.headers = safe_headers();
  if (!page.location.empty()) reply.headers.emplace_back("Location", page.location);
  return reply;
}

platform::HttpService PageServer::make_service() {
  const auto route = [this](const char* method, const char* path, std::size_t most) {
    return platform::Route{method, path, [most](const std::string&) { return most; },
                           [this, method](const platform::HttpQuery& query) { return std::optional(answer(method, query)); }};
  };
  // "/" alone is a whole path; everything else below it, so that what is no page gets our own words.
  return {{route("GET", "/", 0), route("POST", "/worried", kMaxForm), route("POST", "/ask", kMaxForm)},
          nullptr,
          [this](const platform::Endpoint& client) { return name_peer(client); }};
}

Result<std::unique_ptr<PageServer>> PageServer::start(const std::string& address, HelpPage& page, const Clock& clock) {
  TRY(at, platform::parse_endpoint(address, 80));
  TRY(owners, platform::SocketOwners::open());
  std::unique_ptr<PageServer> server(new PageServer(std::move(owners), page));
  TRY(http, platform::HttpServer::start({at, nullptr}, server->make_service(), limits(), clock));
  server->http_ = std::move(http);
  at.port = server->http_->port();
  server->at_ = at;
  const std::string literal = platform::to_text(at);  // with the port
  const std::string port = ":" + std::to_string(at.port);
  const std::string host = literal.substr(0, literal.size() - port.size());
  server->own_ = {kPageHost + port, host + port};
  if (at.port == 80) server->own_.insert(server->own_.begin(), {std::string(kPageHost), host});
  server->url_ = "http://" + (at.port == 80 ? host : literal) + "/";
  server->ready_ = true;
  return server;
}

}  // namespace caretaker::agent
