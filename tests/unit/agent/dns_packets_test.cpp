#include "agent/net/dns_packets.h"

#include <catch2/catch.hpp>
#include <unistd.h>

using namespace caretaker;
using namespace caretaker::agent;
using platform::Socket;

namespace {

struct Scene {
  Scene() {
    auto opened = Socket::udp_server(*platform::parse_endpoint("127.0.0.1:0", 0));
    auto found = platform::SocketOwners::open();
    REQUIRE((opened && found));
    server = std::move(*opened);
    at = *server.local();
    owners.emplace(std::move(*found));
  }
  Socket server;
  platform::Endpoint at;
  std::optional<platform::SocketOwners> owners;
  std::unique_ptr<DnsPackets> packets = std::make_unique<DnsPackets>();
};

Socket client_of(const Scene& scene) {
  auto client = Socket::udp_client(scene.at);
  REQUIRE(client);
  return std::move(*client);
}

void send_number(Socket& client, int number) {
  const Bytes question{static_cast<std::uint8_t>(number)};
  REQUIRE(client.send(question).size == 1);
}

Bytes numbers_received(Socket& client) {
  Bytes numbers, buffer(4096);
  for (;;) {
    const auto packet = client.receive(buffer);
    if (packet.state != platform::Transfer::State::kMoved) return numbers;
    REQUIRE(packet.size == 1);
    numbers.push_back(buffer[0]);
  }
}

}  // namespace

TEST_CASE("a burst of packets is taken in groups and answered in the order in which it came") {
  Scene scene;
  auto one = client_of(scene), other = client_of(scene);
  Bytes expected_one, expected_other;
  for (int i = 0; i < 40; ++i) {
    send_number(i % 3 == 0 ? other : one, i);
    if (i % 5 != 0) (i % 3 == 0 ? expected_other : expected_one).push_back(static_cast<std::uint8_t>(i));
  }
  int next = 0;
  for (const std::size_t expected : {32u, 8u, 0u}) {
    const auto count = scene.packets->receive(scene.server, scene.at, *scene.owners);
    REQUIRE(count == expected);
    for (std::size_t i = 0; i < count; ++i, ++next) {
      const auto question = scene.packets->question(i);
      REQUIRE(question.size() == 1);
      CHECK(question[0] == next);
      CHECK(scene.packets->client(i) == *(next % 3 == 0 ? other : one).local());
      CHECK(scene.packets->owner(i) == std::optional(::getuid()));
      if (next % 5 == 0) continue;  // answered later, or never
      scene.packets->room_for_answer(i)[0] = question[0];
      scene.packets->answer(i, 1);
    }
    scene.packets->send(scene.server);
  }
  CHECK(numbers_received(one) == expected_one);
  CHECK(numbers_received(other) == expected_other);
}

TEST_CASE("an answer that cannot be sent does not hold up those behind it") {
  Scene scene;
  auto client = client_of(scene);
  auto nowhere = scene.at;
  nowhere.address = {255, 255, 255, 255};  // a broadcast, which the socket may not send
  Bytes number{7};
  const std::array<platform::Packet, 3> packets{{{nowhere, number}, {*client.local(), number}, {nowhere, number}}};
  scene.server.send_packets(packets);
  CHECK(numbers_received(client) == Bytes{7});
}

TEST_CASE("a packet longer than any question comes cut, and nothing of the group before it") {
  Scene scene;
  auto client = client_of(scene);
  REQUIRE(client.send(Bytes(3000, 'a')).size == 3000);
  REQUIRE(scene.packets->receive(scene.server, scene.at, *scene.owners) == 1);
  CHECK(scene.packets->question(0).size() == 2048);
  send_number(client, 1);
  REQUIRE(scene.packets->receive(scene.server, scene.at, *scene.owners) == 1);
  CHECK(scene.packets->question(0).size() == 1);
}
