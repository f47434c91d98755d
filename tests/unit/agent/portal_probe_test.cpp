// Looking for a network's login page: what its answer may look like, over text and over real sockets.
#include "agent/net/portal_probe.h"

#include <catch2/catch.hpp>
#include <functional>
#include <thread>

#include "agent/net/portal_questions.h"
#include "platform/base/clock.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

std::string host_in(const std::string& head) {
  const PortalAnswer answer = parse_portal_answer(head);
  if (answer.state == PortalAnswer::State::kMore) return "more";
  return answer.state == PortalAnswer::State::kRedirect ? answer.host : "nothing";
}
std::string to(const std::string& location) { return host_in("HTTP/1.1 302 Found\r\nLocation: " + location + "\r\n\r\n"); }

// Somebody at an address, who does as the test says with the one connection that comes.
class Somebody {
 public:
  using Talk = std::function<void(platform::Socket&, const std::stop_token&)>;
  explicit Somebody(Talk talk) {
    auto listener = platform::Socket::tcp_server(platform::parse_endpoint("127.0.0.1:0", 0).value());
    REQUIRE(listener);
    listener_ = std::move(*listener);
    place = platform::to_text(listener_.local().value());
    thread_ = std::jthread([this, talk = std::move(talk)](const std::stop_token& stop) {
      platform::Endpoint from;
      while (!stop.stop_requested()) {
        if (auto connection = listener_.accept(from)) {
          hear(*connection);
          talk(*connection, stop);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
  }
  std::string place;

 private:
  // The question first, as a server does; who closes over unread bytes resets.
  static void hear(platform::Socket& socket) {
    std::array<std::uint8_t, 4096> request;
    for (int i = 0; i < 1000 && socket.receive(request).state == platform::Transfer::State::kWouldBlock; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  platform::Socket listener_;
  std::jthread thread_;
};

std::string find(const Somebody& somebody, MonotonicMs patience_ms = 2000) { return find_portal({{somebody.place}, patience_ms}, {}); }

void say(platform::Socket& socket, std::string_view text) { (void)socket.send(as_bytes(text)); }

}  // namespace

TEST_CASE("of an HTTP answer only where it redirects to is taken", "[R10]") {
  CHECK(to("http://login.hotel.example/start?x=1") == "login.hotel.example");
  CHECK(to("HTTPS://Login.Hotel.example:8443#x") == "Login.Hotel.example");
  CHECK(to("http://10.1.0.1/login") == "10.1.0.1");
  CHECK(to("http://[fe80::1]:80/") == "fe80::1");
  CHECK(host_in("HTTP/1.0 307\nlocation:http://a.example\n\n") == "a.example");
  CHECK(host_in("HTTP/1.1 302 Found\r\nServer: x\r\nLocation: http://a.example\r\n") == "more");
  CHECK(host_in("HTTP/1.1 302") == "more");
  CHECK(host_in("") == "more");
}

TEST_CASE("an answer that is no redirect, or a broken one, says nothing", "[R10]") {
  CHECK(host_in("HTTP/1.1 200 OK\r\nLocation: http://a.example\r\n\r\n") == "nothing");
  CHECK(host_in("HTTP/1.1 3020 Found\r\nLocation: http://a.example\r\n\r\n") == "nothing");
  CHECK(host_in("HTTP/2 302 Found\r\nLocation: http://a.example\r\n\r\n") == "nothing");
  CHECK(host_in("SSH-2.0-OpenSSH\r\n") == "nothing");
  CHECK(host_in("HTTP/1.1 302 Found\r\n\r\n") == "nothing");
  CHECK(host_in("HTTP/1.1 302 Found\r\nLocation: http://a.example\r\nLocation: http://b.example\r\n\r\n") == "nothing");
  CHECK(host_in("HTTP/1.1 302 Found\r\nLocation: http://a.example\r\n folded\r\n\r\n") == "nothing");
  CHECK(host_in("HTTP/1.1 302 Found\r\nLocation : http://a.example\r\n\r\n") == "nothing");
  for (const char* broken : {"/login", "//a.example/", "ftp://a.example/", "http://", "http://user@a.example/", "http://a.example:x/", "http://a.example:123456/",
                             "http://[fe80::1", "http://[fe80::1%25eth0]/", "http://a b/", "http://a.example\\@b.example/", "http://%61.example/", "javascript:1"}) {
    INFO(broken);
    CHECK(to(broken) == "nothing");
  }
  CHECK(to("http://" + std::string(254, 'a') + "/") == "nothing");
  CHECK(host_in("HTTP/1.1 302 Found\r\nX: " + std::string(9000, 'x')) == "nothing");
  std::string many = "HTTP/1.1 302 Found\r\n";
  for (int i = 0; i < 65; ++i) many += "X: 1\r\n";
  CHECK(host_in(many + "Location: http://a.example\r\n\r\n") == "nothing");
}

TEST_CASE("somebody who answers for an address of nobody's is found, in whatever pieces he speaks", "[R10]") {
  const Somebody portal([](platform::Socket& socket, const std::stop_token&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    for (const char* piece : {"HTTP/1.1 302 Fo", "und\r\nLocation: http://login.", "hotel.example/\r\n", "\r\n"}) {
      say(socket, piece);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  CHECK(find(portal) == "login.hotel.example");
  const Somebody same([](platform::Socket& socket, const std::stop_token&) { say(socket, "HTTP/1.1 301 x\r\nLocation: https://127.0.0.1/\r\n\r\n"); });
  CHECK(find(same).empty());
}

TEST_CASE("nobody, silence, an answer without end and one in drops cost no more than the patience", "[R10]") {
  CHECK(find_portal({{"127.0.0.1:1"}, 2000}, {}).empty());
  const auto began = system_clock().monotonic_ms();
  const Somebody silent([](platform::Socket&, const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  CHECK(find(silent, 200).empty());
  const Somebody endless([](platform::Socket& socket, const std::stop_token& stop) {
    say(socket, "HTTP/1.1 302 Found\r\n");
    for (int i = 0; i < 100'000 && !stop.stop_requested(); ++i) {
      if (socket.send(as_bytes("X: endless\r\n")).state == platform::Transfer::State::kClosed) return;
    }
  });
  CHECK(find(endless, 2000).empty());
  const Somebody drops([](platform::Socket& socket, const std::stop_token& stop) {
    while (!stop.stop_requested() && socket.send(as_bytes("H")).state != platform::Transfer::State::kClosed) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  CHECK(find(drops, 200).empty());
  CHECK(system_clock().monotonic_ms() - began < 4000);
}

TEST_CASE("who is asked to stop does not wait for an answer", "[R10]") {
  const Somebody silent([](platform::Socket&, const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  std::stop_source stop;
  const std::jthread soon([&stop] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  const auto began = system_clock().monotonic_ms();
  CHECK(find_portal({{silent.place}, 60'000}, stop.get_token()).empty());
  CHECK(system_clock().monotonic_ms() - began < 10'000);
}

TEST_CASE("programs that look for a login page are known by what they ask", "[R10]") {
  CHECK(is_portal_question("detectportal.firefox.com"));
  CHECK(is_portal_question("connectivitycheck.gstatic.com"));
  CHECK_FALSE(is_portal_question("www.gstatic.com"));
  CHECK_FALSE(is_portal_question("example.com"));
}
