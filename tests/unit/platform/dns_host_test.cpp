#include "platform/dns_host.h"

#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "platform/sockets.h"

using namespace caretaker;
using namespace caretaker::platform;

namespace {

constexpr std::uint32_t kOtherUid = 12345;

// A process of another user that sends one byte to `server` and keeps its socket open until it is told to go.
class Stranger {
 public:
  Stranger(Protocol protocol, const Endpoint& server, std::uint32_t uid) {
    REQUIRE(::pipe(pipe_.data()) == 0);
    child_ = ::fork();
    if (child_ == 0) run(protocol, server, uid);
    ::close(pipe_[0]);
  }
  ~Stranger() {
    ::close(pipe_[1]);
    ::waitpid(child_, nullptr, 0);
  }

 private:
  [[noreturn]] void run(Protocol protocol, const Endpoint& server, std::uint32_t uid) {
    ::close(pipe_[1]);
    if (::getuid() == 0 && ::setuid(uid) != 0) ::_exit(1);
    auto socket = protocol == Protocol::kUdp ? Socket::udp_client(server) : Socket::tcp_client(server);
    if (!socket) ::_exit(1);
    while (socket->send(as_bytes("x")).state == Transfer::State::kWouldBlock) ::usleep(1000);
    char byte;
    (void)!::read(pipe_[0], &byte, 1);  // returns when the parent closes its end
    ::_exit(0);
  }
  std::array<int, 2> pipe_{};
  pid_t child_ = -1;
};

Endpoint at(const char* text) { return *parse_endpoint(text, 0); }

Endpoint receive_one(Socket& server) {
  std::array<std::uint8_t, 16> buffer;
  Endpoint client;
  for (int i = 0; i < 2000; ++i) {
    if (server.receive_from(buffer, client).state == Transfer::State::kMoved) return client;
    ::usleep(1000);
  }
  FAIL("nothing came");
  return client;
}

Socket accept_one(Socket& server, Endpoint& client) {
  for (int i = 0; i < 2000; ++i) {
    if (auto connection = server.accept(client)) return std::move(*connection);
    ::usleep(1000);
  }
  FAIL("nobody came");
  return {};
}

void put_file(const std::filesystem::path& path, const char* text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::filesystem::path temporary_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "caretaker-dns-host-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  return name;
}

}  // namespace

TEST_CASE("the owner of a UDP question is the user who asked, not we", "[R5]") {
  for (const char* address : {"127.0.0.1:0", "[::1]:0"}) {
    auto server = Socket::udp_server(at(address));
    if (!server) {
      WARN("skipped: no " << address << " here");
      continue;
    }
    auto owners = SocketOwners::open();
    REQUIRE(owners);
    const Stranger stranger(Protocol::kUdp, *server->local(), kOtherUid);
    const auto client = receive_one(*server);
    const auto expected = ::getuid() == 0 ? kOtherUid : ::getuid();
    CHECK(owners->owner(Protocol::kUdp, client, *server->local()) == std::optional(expected));
  }
}

TEST_CASE("the owner of a TCP question is the user who asked, not we", "[R5]") {
  for (const char* address : {"127.0.0.1:0", "[::1]:0"}) {
    auto server = Socket::tcp_server(at(address));
    if (!server) {
      WARN("skipped: no " << address << " here");
      continue;
    }
    auto owners = SocketOwners::open();
    REQUIRE(owners);
    const Stranger stranger(Protocol::kTcp, *server->local(), kOtherUid);
    Endpoint client;
    const auto connection = accept_one(*server, client);
    const auto expected = ::getuid() == 0 ? kOtherUid : ::getuid();
    CHECK(owners->owner(Protocol::kTcp, client, *server->local()) == std::optional(expected));
  }
}

TEST_CASE("an address mapped into IPv6 is looked up as the IPv4 one that it is", "[R5]") {
  auto server = Socket::udp_server(at("127.0.0.1:0"));
  REQUIRE(server);
  auto owners = SocketOwners::open();
  REQUIRE(owners);
  const Stranger stranger(Protocol::kUdp, *server->local(), kOtherUid);
  const auto client = receive_one(*server);
  auto mapped = at("[::ffff:127.0.0.1]:0");
  mapped.port = client.port;
  const auto expected = ::getuid() == 0 ? kOtherUid : ::getuid();
  CHECK(owners->owner(Protocol::kUdp, mapped, *server->local()) == std::optional(expected));
}

TEST_CASE("a socket that is gone has no owner", "[R5]") {
  auto owners = SocketOwners::open();
  REQUIRE(owners);
  auto server = Socket::udp_server(at("127.0.0.1:0"));
  REQUIRE(server);
  CHECK(owners->owner(Protocol::kUdp, at("127.0.0.1:1"), *server->local()) == std::nullopt);
  CHECK(owners->owner(Protocol::kTcp, at("127.0.0.1:1"), *server->local()) == std::nullopt);
}

TEST_CASE("a TCP socket that its process has left is nobody's, not root's", "[R5]") {
  auto server = Socket::tcp_server(at("127.0.0.1:0"));
  REQUIRE(server);
  auto owners = SocketOwners::open();
  REQUIRE(owners);
  Endpoint client;
  Socket connection;
  {
    const Stranger stranger(Protocol::kTcp, *server->local(), kOtherUid);
    connection = accept_one(*server, client);
  }
  CHECK(owners->owner(Protocol::kTcp, client, *server->local()) == std::nullopt);
}

TEST_CASE("resolv.conf is read as resolv.conf(5) says and rubbish in it is passed over") {
  CHECK(parse_resolv_conf("# x\nnameserver 192.0.2.1\nnameserver\t2001:db8::1  # y\r\nnameserver fe80::1%eth0\n"
                          "nameserverx 192.0.2.9\nnameserver example.com\nnameserver\nnameserver 300.1.1.1\n"
                          "search a b\noptions ndots:1\nnameserver 192.0.2.2") ==
        std::vector<std::string>{"192.0.2.1", "2001:db8::1", "192.0.2.2"});
}

TEST_CASE("behind a stub the resolvers that the network gave are found") {
  const auto root = temporary_folder();
  CHECK(system_resolvers(root).empty());
  put_file(root / "etc/resolv.conf", "nameserver 127.0.0.53\n");
  CHECK(system_resolvers(root) == std::vector<std::string>{"127.0.0.53"});
  put_file(root / "run/NetworkManager/no-stub-resolv.conf", "nameserver 192.0.2.7\n");
  CHECK(system_resolvers(root) == std::vector<std::string>{"192.0.2.7"});
  put_file(root / "run/systemd/resolve/resolv.conf", "nameserver 127.0.0.1\nnameserver 192.0.2.8\n");
  CHECK(system_resolvers(root) == std::vector<std::string>{"192.0.2.8"});
  put_file(root / "etc/resolv.conf", "nameserver 192.0.2.9\nnameserver 127.0.0.1\n");
  CHECK(system_resolvers(root) == std::vector<std::string>{"192.0.2.9", "127.0.0.1"});
  std::filesystem::remove_all(root);
}

TEST_CASE("addresses of servers are read with and without a port and nothing else is") {
  CHECK(to_text(*parse_endpoint("192.0.2.1", 53)) == "192.0.2.1:53");
  CHECK(to_text(*parse_endpoint("192.0.2.1:5353", 53)) == "192.0.2.1:5353");
  CHECK(to_text(*parse_endpoint("2001:db8::1", 53)) == "[2001:db8::1]:53");
  CHECK(to_text(*parse_endpoint("[2001:db8::1]:5353", 53)) == "[2001:db8::1]:5353");
  for (const char* wrong : {"", ":53", "example.com", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:5x", "[::1", "[::1]x",
                            "[::1]:", "1.2.3", "192.0.2.1 "}) {
    INFO(wrong);
    CHECK_FALSE(parse_endpoint(wrong, 53));
  }
}
