#include "sync/server/api.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <thread>

#include "platform/http_transport.h"
#include "tests/unit/server/tls_client.h"

using namespace caretaker;
using namespace std::chrono_literals;
using server::HttpQuery;
using server::HttpReply;
using server::HttpServer;
using server::HttpServerLimits;

namespace {

const server::TlsIdentity& identity() {
  static const auto made = *server::make_tls_identity("127.0.0.1", system_clock().now());
  return made;
}

HttpReply text(std::string_view body) {
  return {.status = 200, .content_type = "text/plain", .body = to_bytes(body), .file = {}, .retry_after_s = {}};
}

std::vector<server::Route> plain_routes() {
  const auto at_most = [](std::size_t size) { return [size](const std::string&) { return size; }; };
  const auto echo = [](const HttpQuery& query) { return HttpReply{.status = 200, .body = query.body, .file = {}, .retry_after_s = {}}; };
  const auto name = [](const HttpQuery& query) { return HttpReply{.status = 200, .body = to_bytes(query.path), .file = {}, .retry_after_s = {}}; };
  const auto file = [](const HttpQuery&) {
    auto opened = platform::open_read_only(std::string(CARETAKER_SOURCE_DIR) + "/LICENSE");
    return HttpReply{.status = 200, .content_type = "text/plain", .body = {}, .file = *platform::MappedFile::map(*opened), .retry_after_s = {}};
  };
  return {{"POST", "/echo", at_most(100'000), echo}, {"GET", "/name/", at_most(0), name}, {"GET", "/file", at_most(0), file}};
}

struct Running {
  explicit Running(const HttpServerLimits& limits = {})
      : http(*HttpServer::start({*platform::parse_endpoint("127.0.0.1:0", 0), &identity()},
                                {routes(), [this] { return round(); }}, limits, system_clock())),
        client(*platform::make_http_transport("https://127.0.0.1:" + std::to_string(http->port()), {identity().pin})) {
    ::signal(SIGPIPE, SIG_IGN);
  }
  ~Running() { http.reset(); }
  // Everything that "/kept" kept is answered when `publish` says so.
  server::Round round() {
    const std::lock_guard lock(mutex);
    server::Round out{{}, 10};
    if (!publish) return out;
    for (const std::uint64_t ticket : kept) out.replies.push_back({ticket, text("news")});
    kept.clear();
    return out;
  }
  std::optional<HttpReply> keep(const HttpQuery& query) {
    const std::lock_guard lock(mutex);
    kept.push_back(query.ticket);
    return std::nullopt;
  }
  [[nodiscard]] bool waits_for_kept(std::size_t count) {
    for (int i = 0; i < 1000; ++i, std::this_thread::sleep_for(10ms)) {
      const std::lock_guard lock(mutex);
      if (kept.size() == count) return true;
    }
    return false;
  }
  void set_published() {
    const std::lock_guard lock(mutex);
    publish = true;
  }
  std::vector<server::Route> routes() {
    auto all = plain_routes();
    all.push_back({"POST", "/kept", [](const std::string&) { return std::size_t{1000}; }, [this](const HttpQuery& query) { return keep(query); }});
    return all;
  }

  std::mutex mutex;
  std::vector<std::uint64_t> kept;
  bool publish = false;
  std::unique_ptr<HttpServer> http;
  std::unique_ptr<platform::HttpTransport> client;

  Result<platform::HttpResponse> get(const std::string& path, std::uint64_t from = 0) { return client->send({"GET", path, "", {}, from}, {}); }
  Result<platform::HttpResponse> post(const std::string& path, Bytes body) { return client->send({"POST", path, "", std::move(body), 0}, {}); }
};

}  // namespace

TEST_CASE("the pinned key of the server is the one its clients see") {
  Running running;
  auto answer = running.post("/echo", to_bytes("hello"));
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(as_text(answer->body) == "hello");
  auto other = *platform::make_http_transport("https://127.0.0.1:" + std::to_string(running.http->port()), {Hash{7}});
  CHECK(other->send({"GET", "/name/x", "", {}, 0}, {}).error().code == ErrorCode::kUnauthentic);
}

TEST_CASE("a TLS identity is read back whole or not at all") {
  auto again = server::read_tls_identity(identity().key_pem, identity().certificate_pem);
  REQUIRE(again);
  CHECK(again->pin == identity().pin);
  auto other = *server::make_tls_identity("127.0.0.1", system_clock().now());
  CHECK(other.pin != identity().pin);
  CHECK(server::read_tls_identity(other.key_pem, identity().certificate_pem).error().code == ErrorCode::kDamaged);
  CHECK(server::read_tls_identity("rubbish", identity().certificate_pem).error().code == ErrorCode::kDamaged);
  CHECK(server::read_tls_identity(identity().key_pem, "").error().code == ErrorCode::kDamaged);
}

TEST_CASE("paths and methods that no route names are refused") {
  Running running;
  CHECK(running.get("/nowhere")->status == 404);
  CHECK(running.get("/name/")->status == 404);
  CHECK(running.get("/echo")->status == 405);
  CHECK(as_text(running.get("/name/a/b?c=d")->body) == "/name/a/b");
}

TEST_CASE("a file is sent whole, from the middle, and not from beyond its end") {
  Running running;
  auto whole = running.get("/file");
  REQUIRE(whole);
  CHECK(whole->status == 200);
  REQUIRE(whole->body.size() == std::filesystem::file_size(std::string(CARETAKER_SOURCE_DIR) + "/LICENSE"));
  auto tail = running.get("/file", 1000);
  REQUIRE(tail);
  CHECK(tail->status == 206);
  CHECK(tail->body == Bytes(whole->body.begin() + 1000, whole->body.end()));
  CHECK(running.get("/file", whole->body.size())->status == 416);
}

TEST_CASE("a body over the limit is refused; who sends it all the same hears why") {
  Running running;
  CHECK(running.post("/echo", Bytes(100'000))->status == 200);
  for (int i = 0; i < 20; ++i) {
    CHECK(running.post("/echo", Bytes(100'001))->status == 413);
    CHECK(running.post("/nowhere", Bytes(3'000'000))->status == 404);
  }
}

TEST_CASE("who asks first, or announces without end, is refused at once") {
  Running running;
  for (const char* announced : {"Content-Length: 100001\r\nExpect: 100-continue", "Content-Length: 99999999999"}) {
    test::TlsClient client(running.http->port());
    client.say(std::string("POST /echo HTTP/1.1\r\nHost: x\r\n") + announced + "\r\n\r\n");
    CHECK(client.hear().starts_with("HTTP/1.1 413"));
  }
}

TEST_CASE("a body whose length was not told is cut off at the limit") {
  Running running;
  test::TlsClient client(running.http->port());
  client.say("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  constexpr int kFarTooMany = 20'000;  // 80 MB: more than all the buffers on the way hold
  int sent = 0;
  while (sent < kFarTooMany && client.say("1000\r\n" + std::string(4096, 'x') + "\r\n")) ++sent;
  CHECK(sent < kFarTooMany);
  CHECK(client.hear().empty());
}

TEST_CASE("huge headers are refused") {
  Running running;
  test::TlsClient client(running.http->port());
  client.say("GET /name/x HTTP/1.1\r\nHost: x\r\nX-Filler: " + std::string(100'000, 'h') + "\r\n\r\n");
  const auto heard = client.hear();
  CHECK((heard.starts_with("HTTP/1.1 431") || heard.starts_with("HTTP/1.1 413") || heard.empty()));
  CHECK(running.get("/name/still-there")->status == 200);
}

TEST_CASE("half a request does not stay for long") {
  Running running({.idle_s = 1});
  test::TlsClient client(running.http->port());
  client.say("GET /name/x HTT");
  const auto before = system_clock().monotonic_ms();
  CHECK(client.hear().find("200") == std::string::npos);
  CHECK(system_clock().monotonic_ms() - before < 30'000);
}

TEST_CASE("a body that drips is cut off when its time is over") {
  Running running({.idle_s = 5, .request_ms = 500});
  test::TlsClient client(running.http->port());
  client.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
  const auto before = system_clock().monotonic_ms();
  while (system_clock().monotonic_ms() - before < 45'000 && client.say("x")) std::this_thread::sleep_for(50ms);
  CHECK(system_clock().monotonic_ms() - before < 45'000);
}

TEST_CASE("unfinished bodies together cannot take all memory, and give back what they took") {
  Running running({.buffered = 150'000});
  test::TlsClient client(running.http->port());
  client.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(99'000, 'x'));
  bool refused = false;  // as soon as the other's bytes have arrived
  for (int i = 0; i < 300 && !refused; ++i, std::this_thread::sleep_for(100ms)) refused = !running.post("/echo", Bytes(90'000));
  CHECK(refused);
  client.say(std::string(1000, 'x'));
  CHECK(client.hear().starts_with("HTTP/1.1 200"));
  CHECK(running.post("/echo", Bytes(90'000))->status == 200);
}

TEST_CASE("one address cannot take every connection") {
  Running running({.connections = 10, .connections_per_address = 3});
  std::vector<std::unique_ptr<test::TlsClient>> clients;
  int connected = 0;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<test::TlsClient>(running.http->port()));
    connected += clients.back()->connected() ? 1 : 0;
  }
  CHECK(connected == 3);
  clients.clear();
}

TEST_CASE("garbage in place of TLS or HTTP harms nobody") {
  Running running;
  test::TlsClient client(running.http->port());
  client.say(std::string("\x00\xff\x13 \r\n\r\n\r\n", 10));
  (void)client.hear();
  CHECK(running.get("/name/still-there")->status == 200);
}

TEST_CASE("a kept request is answered when its answer is there, and costs no other a thing meanwhile") {
  Running running({.idle_s = 3});
  test::TlsClient first(running.http->port()), second(running.http->port());
  for (auto* client : {&first, &second}) client->say("POST /kept HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
  REQUIRE(running.waits_for_kept(2));
  std::this_thread::sleep_for(5s);  // longer than an idle connection may stay
  CHECK(running.get("/name/meanwhile")->status == 200);
  running.set_published();
  for (auto* client : {&first, &second}) {
    std::string heard = client->hear();
    if (heard.find("news") == std::string::npos) heard += client->hear();
    CHECK(heard.starts_with("HTTP/1.1 200"));
    CHECK(heard.ends_with("news"));
  }
}

TEST_CASE("the server stops while requests are kept, and one of a client that has gone harms nobody") {
  Running running;
  auto gone = std::make_unique<test::TlsClient>(running.http->port());
  gone->say("POST /kept HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
  REQUIRE(running.waits_for_kept(1));
  gone.reset();
  running.set_published();
  REQUIRE(running.waits_for_kept(0));
  CHECK(running.get("/name/still-there")->status == 200);
  {
    const std::lock_guard lock(running.mutex);
    running.publish = false;
  }
  test::TlsClient waiting(running.http->port());
  waiting.say("POST /kept HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
  REQUIRE(running.waits_for_kept(1));
  running.http.reset();
  CHECK(waiting.hear().find("news") == std::string::npos);
}

TEST_CASE("kept requests do not count for their address") {
  Running running({.connections = 20, .connections_per_address = 2});
  std::vector<std::unique_ptr<test::TlsClient>> clients;
  for (std::size_t i = 1; i <= 6; ++i) {
    clients.push_back(std::make_unique<test::TlsClient>(running.http->port()));
    REQUIRE(clients.back()->say("POST /kept HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"));
    REQUIRE(running.waits_for_kept(i));
  }
  CHECK(running.get("/name/x")->status == 200);
}

TEST_CASE("plain HTTP is for loopback alone, and counts the clients that the proxy names") {
  const auto start = [](const char* at, const HttpServerLimits& limits) {
    return HttpServer::start({*platform::parse_endpoint(at, 0), nullptr}, {plain_routes(), [] { return server::Round{}; }}, limits, system_clock());
  };
  CHECK(start("0.0.0.0:0", {}).error().code == ErrorCode::kInvalidInput);
  CHECK(start("192.0.2.1:0", {}).error().code == ErrorCode::kInvalidInput);
  CHECK(start("[::]:0", {}).error().code == ErrorCode::kInvalidInput);
  const auto http = std::move(*start("127.0.0.1:0", {.connections_per_address = 1}));
  test::PlainClient half(http->port()), other(http->port());
  half.say("POST /echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.7, 198.51.100.1\r\nContent-Length: 9\r\n\r\nhalf");
  bool refused = false;  // as soon as the half request has arrived
  for (int i = 0; i < 300 && !refused; ++i, std::this_thread::sleep_for(100ms)) {
    test::PlainClient same(http->port());
    same.say("GET /name/x HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n");
    refused = same.hear().starts_with("HTTP/1.1 503");
  }
  CHECK(refused);
  other.say("GET /name/x HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n\r\n");
  CHECK(other.hear().starts_with("HTTP/1.1 200"));
}
