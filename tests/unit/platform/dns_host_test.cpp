#include "platform/dns_host.h"

#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>

#include "platform/sockets.h"

using namespace caretaker;
using namespace caretaker::platform;

namespace {

constexpr std::uint32_t kOtherUid = 12345;

// A process of another user that sends one byte to `server`, over UDP from `port` if it is not 0, and keeps its socket open
// until it is told to go.
class Stranger {
 public:
  Stranger(Protocol protocol, const Endpoint& server, std::uint32_t uid, std::uint16_t port = 0) {
    REQUIRE(::pipe(pipe_.data()) == 0);
    child_ = ::fork();
    if (child_ == 0) run(protocol, server, uid, port);
    ::close(pipe_[0]);
  }
  ~Stranger() {
    ::close(pipe_[1]);
    ::waitpid(child_, nullptr, 0);
  }

 private:
  [[noreturn]] void run(Protocol protocol, const Endpoint& server, std::uint32_t uid, std::uint16_t port) {
    ::close(pipe_[1]);
    if (::getuid() == 0 && ::setuid(uid) != 0) ::_exit(1);
    auto own = server;
    own.port = port;
    auto socket = port != 0                   ? Socket::udp_server(own)
                  : protocol == Protocol::kUdp ? Socket::udp_client(server)
                                               : Socket::tcp_client(server);
    if (!socket) ::_exit(1);
    std::array<std::uint8_t, 1> byte_sent{'x'};
    const Packet packet{server, byte_sent};
    if (port != 0) socket->send_packets({&packet, 1});
    while (port == 0 && socket->send(byte_sent).state == Transfer::State::kWouldBlock) ::usleep(1000);
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
  Packet packet{{}, buffer};
  for (int i = 0; i < 2000; ++i) {
    if (server.receive_packets({&packet, 1}) == 1) return packet.peer;
    ::usleep(1000);
  }
  FAIL("nothing came");
  return {};
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

TEST_CASE("of many who asked at once each is found with their own owner", "[R5]") {
  auto server = Socket::udp_server(at("127.0.0.1:0"));
  auto owners = SocketOwners::open();
  REQUIRE((server && owners));
  const auto us = ::getuid();
  const auto other = us == 0 ? kOtherUid : us;
  std::vector<Endpoint> clients;
  {
    const Stranger gone(Protocol::kUdp, *server->local(), kOtherUid);
    clients.push_back(receive_one(*server));
  }
  const Stranger stranger(Protocol::kUdp, *server->local(), kOtherUid);
  clients.push_back(receive_one(*server));
  std::vector<Socket> own;
  while (clients.size() < SocketOwners::kAtOnce - 1) {
    auto socket = Socket::udp_client(*server->local());
    REQUIRE(socket);
    clients.push_back(*socket->local());
    own.push_back(std::move(*socket));
  }
  clients.push_back(clients[1]);
  for (int round = 0; round < 3; ++round) {
    std::vector<SocketOwners::Owner> found(clients.size(), 4711);
    owners->find(Protocol::kUdp, clients, *server->local(), found);
    CHECK_FALSE(found.front());
    CHECK(found[1] == std::optional(other));
    CHECK(std::all_of(found.begin() + 2, found.end() - 1, [us](auto owner) { return owner == std::optional(us); }));
    CHECK(found.back() == std::optional(other));
  }
}

TEST_CASE("whoever takes a port that another has just left is found as himself", "[R5]") {
  if (::getuid() != 0) {
    WARN("skipped: needs root, to be two users");
    return;
  }
  auto server = Socket::udp_server(at("127.0.0.1:0"));
  auto owners = SocketOwners::open();
  REQUIRE((server && owners));
  Endpoint client;
  {
    auto mine = Socket::udp_client(*server->local());
    REQUIRE(mine);
    client = *mine->local();
    CHECK(owners->owner(Protocol::kUdp, client, *server->local()) == std::optional(0u));
  }
  CHECK(owners->owner(Protocol::kUdp, client, *server->local()) == std::nullopt);
  const Stranger stranger(Protocol::kUdp, *server->local(), kOtherUid, client.port);
  CHECK(receive_one(*server) == client);
  CHECK(owners->owner(Protocol::kUdp, client, *server->local()) == std::optional(kOtherUid));
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
  CHECK(parse_resolv_conf("# x\nnameserver 192.0.2.1\nnameserver\t2001:db8::1  # y\r\nnameserver fe80::1%no-such-interface\n"
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

TEST_CASE("a router that is known by its link-local address alone is a resolver", "[R10]") {
  CHECK(parse_resolv_conf("nameserver fe80::1%7\nnameserver fe80::2\n") == std::vector<std::string>{"fe80::1%7", "fe80::2"});
}

TEST_CASE("addresses of servers are read with and without a port and nothing else is") {
  CHECK(to_text(*parse_endpoint("192.0.2.1", 53)) == "192.0.2.1:53");
  CHECK(to_text(*parse_endpoint("192.0.2.1:5353", 53)) == "192.0.2.1:5353");
  CHECK(to_text(*parse_endpoint("2001:db8::1", 53)) == "[2001:db8::1]:53");
  CHECK(to_text(*parse_endpoint("[2001:db8::1]:5353", 53)) == "[2001:db8::1]:5353");
  CHECK(to_text(*parse_endpoint("fe80::1%7", 53)) == "[fe80::1%7]:53");
  CHECK(to_text(*parse_endpoint("[fe80::1%lo]:5353", 53)) == "[fe80::1%1]:5353");
  for (const char* wrong : {"fe80::1%", "fe80::1%no-such-interface", "2001:db8::1%7", "192.0.2.1%7", "fe80::1%0"}) CHECK_FALSE(parse_endpoint(wrong, 53));
  for (const char* wrong : {"", ":53", "example.com", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:5x", "[::1", "[::1]x",
                            "[::1]:", "1.2.3", "192.0.2.1 "}) {
    INFO(wrong);
    CHECK_FALSE(parse_endpoint(wrong, 53));
  }
}
