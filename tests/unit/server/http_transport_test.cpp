#include "platform/http_transport.h"

#include <catch2/catch.hpp>
#include <csignal>

#include "platform/files.h"
#include "tests/unit/server/lying_server.h"
#include "tests/unit/server/test_school.h"

using namespace caretaker;
using namespace std::chrono_literals;
using platform::HttpLimits;
using platform::HttpRequest;
using platform::make_http_transport;
using test::LyingServer;
using test::TempFolder;

namespace {

// Only for when something is broken: on a busy machine a handshake alone may take seconds.
constexpr auto kPatience = 60s;

const server::TlsIdentity& identity() {
  static const auto made = *server::make_tls_identity("127.0.0.1", system_clock().now());
  return made;
}

Result<platform::HttpResponse> ask(const LyingServer& server, const HttpLimits& limits = {.timeout = kPatience, .max_body = 1000},
                                   const platform::HttpTransport::BodySink& sink = nullptr, HttpRequest request = {"GET", "/x", "", {}, 0}) {
  ::signal(SIGPIPE, SIG_IGN);  // of the lying server, whose clients hang up on it
  auto transport = make_http_transport(server.url(), {identity().pin});
  REQUIRE(transport);
  return (*transport)->send(request, limits, sink);
}


}  // namespace

TEST_CASE("an answer arrives with status, body and Retry-After") {
  LyingServer server(identity(), [](const auto& say, const auto&) {
    say("HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 5\r\n\r\nlater");
  });
  auto answer = ask(server);
  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(answer->retry_after_s == 120);
  CHECK(as_text(answer->body) == "later");
}

TEST_CASE("a request carries its body, type and range") {
  std::string asked;
  LyingServer server(identity(), [&asked](const auto& say, const std::string& request) {
    asked = request;
    say("HTTP/1.1 204 Good\r\nContent-Length: 0\r\n\r\n");
  });
  auto answer = ask(server, {.timeout = kPatience, .max_body = 100}, nullptr, {"POST", "/v1/x", "application/json", to_bytes("{}"), 17});
  REQUIRE(answer);
  CHECK(answer->status == 204);
  CHECK_THAT(asked, Catch::StartsWith("POST /v1/x HTTP/1.1\r\n"));
  CHECK_THAT(asked, Catch::Contains("Range:bytes=17-\r\n"));
  CHECK_THAT(asked, Catch::Contains("Content-Type:application/json\r\n"));
  CHECK_THAT(asked, Catch::Contains("Content-Length:2\r\n"));
}

TEST_CASE("a server whose key is not pinned gets no request") {
  bool asked = false;
  LyingServer server(identity(), [&asked](const auto&, const auto&) { asked = true; });
  auto wrong = make_http_transport(server.url(), {Hash{1}, Hash{2}});
  auto answer = (*wrong)->send({"GET", "/x", "", {}, 0}, {.timeout = kPatience, .max_body = 100});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::kUnauthentic);
  CHECK_FALSE(asked);
}

TEST_CASE("without pins a self-signed server is refused by the system's authorities") {
  LyingServer server(identity(), [](const auto& say, const auto&) { say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); });
  auto open = make_http_transport(server.url(), {});
  auto answer = (*open)->send({"GET", "/x", "", {}, 0}, {.timeout = kPatience, .max_body = 100});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::kUnauthentic);
}

TEST_CASE("without pins a server is asked that the system's authorities vouch for, by its name") {
  const TempFolder folder;
  const auto file = folder.path() / "authorities.pem";
  REQUIRE(platform::replace_file(file, as_bytes(identity().certificate_pem), 0600));
  ::setenv("SSL_CERT_FILE", file.c_str(), 1);
  LyingServer server(identity(), [](const auto& say, const auto&) { say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); });
  const auto status = [](const std::string& url) {
    auto open = make_http_transport(url, {});
    auto answer = (*open)->send({"GET", "/x", "", {}, 0}, {.timeout = kPatience, .max_body = 100});
    return answer ? answer->status : 0;
  };
  CHECK(status(server.url()) == 200);
  CHECK(status("https://localhost" + server.url().substr(server.url().rfind(':'))) == 0);
  ::unsetenv("SSL_CERT_FILE");
}

TEST_CASE("an announced length over the limit is too large before a byte of it") {
  LyingServer server(identity(), [](const auto& say, const auto&) {
    say("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n");
    std::this_thread::sleep_for(300ms);
  });
  auto answer = ask(server);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::kTooLarge);
}

TEST_CASE("an endless body is cut off at the limit") {
  LyingServer server(identity(), [](const auto& say, const auto&) {
    say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (say("100\r\n" + std::string(256, 'x') + "\r\n")) {}
  });
  auto answer = ask(server, {.timeout = kPatience, .max_body = 100'000});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::kTooLarge);
}

TEST_CASE("endless headers are cut off") {
  LyingServer server(identity(), [](const auto& say, const auto&) {
    say("HTTP/1.1 200 OK\r\n");
    while (say("X-Filler: " + std::string(4000, 'y') + "\r\n")) {}
  });
  auto answer = ask(server, {.timeout = kPatience, .max_body = 100'000});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::kTooLarge);
}

TEST_CASE("an endless chunk header is cut off") {
  LyingServer server(identity(), [](const auto& say, const auto&) {
    say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
    while (say(std::string(4000, 'z'))) {}
  });
  auto answer = ask(server, {.timeout = kPatience, .max_body = 100'000});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::kTooLarge);
}

TEST_CASE("a server that drips bytes is given up when the whole time is over") {
  LyingServer server(identity(), [](const auto& say, const auto&) {
    say("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
    while (say("x")) std::this_thread::sleep_for(100ms);
  });
  const auto before = system_clock().monotonic_ms();
  auto answer = ask(server, {.timeout = 1s, .max_body = 1000});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::kUnavailable);
  CHECK(system_clock().monotonic_ms() - before < 45'000);  // the bytes would go on for 90 s
}

TEST_CASE("garbage, a cut answer and a closed port are unavailable") {
  SECTION("garbage") {
    LyingServer server(identity(), [](const auto& say, const auto&) { say(std::string("\0\x01\xff rubbish\r\n\r\n", 14)); });
    CHECK(ask(server).error().code == ErrorCode::kUnavailable);
  }
  SECTION("silence") {
    LyingServer server(identity(), [](const auto&, const auto&) {});
    CHECK(ask(server).error().code == ErrorCode::kUnavailable);
  }
  SECTION("a body shorter than announced") {
    LyingServer server(identity(), [](const auto& say, const auto&) { say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"); });
    CHECK(ask(server).error().code == ErrorCode::kUnavailable);
  }
  SECTION("a chunk length that is none") {
    LyingServer server(identity(), [](const auto& say, const auto&) { say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"); });
    CHECK_FALSE(ask(server));
  }
  SECTION("nobody there") {
    auto transport = make_http_transport("https://127.0.0.1:1", {Hash{}});
    CHECK((*transport)->send({"GET", "/", "", {}, 0}, {.timeout = kPatience, .max_body = 10}).error().code == ErrorCode::kUnavailable);
  }
}

TEST_CASE("a redirect is an answer, not an order") {
  LyingServer server(identity(), [](const auto& say, const auto&) {
    say("HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  });
  auto answer = ask(server);
  REQUIRE(answer);
  CHECK(answer->status == 302);
}

TEST_CASE("a sink takes a good body and nothing else") {
  LyingServer server(identity(), [](const auto& say, const std::string& request) {
    const bool good = request.starts_with("GET /good");
    say(good ? "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" : "HTTP/1.1 404 No\r\nContent-Length: 300\r\n\r\n");
    for (int i = 0; i < 3; ++i) {
      say(std::string(100, static_cast<char>('a' + i)));
      std::this_thread::sleep_for(20ms);
    }
  });
  std::string got;
  const auto sink = [&got](ByteView piece) { got += as_text(piece); return ok(); };
  auto answer = ask(server, {.timeout = kPatience, .max_body = 1000}, sink, {"GET", "/good", "", {}, 0});
  REQUIRE(answer);
  CHECK(got == std::string(100, 'a') + std::string(100, 'b') + std::string(100, 'c'));
  CHECK(answer->body.empty());

  got.clear();
  answer = ask(server, {.timeout = kPatience, .max_body = 1000}, sink, {"GET", "/missing", "", {}, 0});
  REQUIRE(answer);
  CHECK(got.empty());
  CHECK(answer->body.size() == 300);

  const auto full = [](ByteView) -> Status { return make_error(ErrorCode::kFull, "no space"); };
  answer = ask(server, {.timeout = kPatience, .max_body = 1000}, full, {"GET", "/good", "", {}, 0});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::kFull);
}

TEST_CASE("only whole https addresses are servers") {
  CHECK(make_http_transport("http://127.0.0.1:1", {}).error().code == ErrorCode::kInvalidInput);
  CHECK(make_http_transport("", {}).error().code == ErrorCode::kInvalidInput);
  CHECK(make_http_transport("https://", {}).error().code == ErrorCode::kInvalidInput);
  CHECK(make_http_transport("https://a b/", {}).error().code == ErrorCode::kInvalidInput);
}

TEST_CASE("a request that is given up ends at once, also one that had not begun") {
  LyingServer server(identity(), [](const auto& say, const auto&) {
    say("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
    while (say("x")) std::this_thread::sleep_for(100ms);
  });
  std::stop_source stop;
  std::thread giving_up([&stop] {
    std::this_thread::sleep_for(500ms);
    stop.request_stop();
  });
  const HttpLimits limits{.timeout = 60s, .max_body = 1000, .stop = stop.get_token()};
  const auto before = system_clock().monotonic_ms();
  CHECK(ask(server, limits).error().code == ErrorCode::kUnavailable);
  giving_up.join();
  CHECK(ask(server, limits).error().code == ErrorCode::kUnavailable);
  CHECK(system_clock().monotonic_ms() - before < 30'000);
}
