#include "agent/net/dns_connections.h"

#include <catch2/catch.hpp>
#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

using namespace caretaker;
using namespace caretaker::agent;
using platform::Socket;

namespace {

// Connections as they are after the server has accepted them, each said to be of some user.
class House {
 public:
  House() {
    auto opened = Socket::tcp_server(*platform::parse_endpoint("127.0.0.1:0", 0));
    auto poller = platform::Poller::open();
    REQUIRE((opened && poller));
    server_ = std::move(*opened);
    poller_ = std::make_unique<platform::Poller>(std::move(*poller));
    connections_.emplace(*poller_, 0);
  }
  // Returns the client's end.
  Socket& enter(DnsConnections::Owner owner) {
    auto client = Socket::tcp_client(*server_.local());
    REQUIRE(client);
    platform::Endpoint from;
    auto accepted = server_.accept(from);
    REQUIRE(accepted);
    connections_->add(std::move(*accepted), owner, ++now_);
    clients_.push_back(std::move(*client));
    return clients_.back();
  }

 private:
  Socket server_;
  std::unique_ptr<platform::Poller> poller_;
  std::optional<DnsConnections> connections_;
  std::deque<Socket> clients_;
  MonotonicMs now_ = 0;
};

bool is_open(Socket& client) {
  Bytes buffer(1);
  return client.receive(buffer).state == platform::Transfer::State::kWouldBlock;
}

}  // namespace

TEST_CASE("a user who opens TCP connections without end takes places from himself only") {
  House house;
  auto& quiet = house.enter(1001);
  auto& of_nobody = house.enter(std::nullopt);
  std::vector<Socket*> greedy;
  for (int i = 0; i < 200; ++i) greedy.push_back(&house.enter(1000));
  CHECK(is_open(quiet));
  CHECK(is_open(of_nobody));
  CHECK_FALSE(is_open(*greedy.front()));
  CHECK(is_open(*greedy.back()));
  CHECK(std::count_if(greedy.begin(), greedy.end(), [](Socket* client) { return is_open(*client); }) == 32);
}

TEST_CASE("a full house makes room for a newcomer by closing one of the user with most connections") {
  House house;
  auto& quiet = house.enter(2000);
  for (std::uint32_t user = 0; user < 5; ++user) {
    for (int i = 0; i < 31; ++i) (void)house.enter(1000 + user);
  }
  CHECK(is_open(quiet));
  CHECK(is_open(house.enter(2001)));
  CHECK(is_open(quiet));
}
