#include "agent/net/dns_packets.h"

#include "platform/base/gate_rules.h"

namespace caretaker::agent {

std::size_t DnsPackets::receive(platform::Socket& socket, const platform::Endpoint& server,
                                platform::SocketOwners& owners) {
  answered_ = 0;
  for (std::size_t i = 0; i < kAtOnce; ++i) questions_[i].bytes = question_rooms_[i];
  const auto count = socket.receive_packets(questions_);
  for (std::size_t i = 0; i < count; ++i) clients_[i] = questions_[i].peer;
  if (count > 0) find_owners(count, server, owners);
  return count;
}

void DnsPackets::find_owners(std::size_t count, const platform::Endpoint& server, platform::SocketOwners& owners) {
  std::size_t marked = 0;
  for (std::size_t i = 0; i < count; ++i) marked += (questions_[i].mark & kGateMark) != 0 ? 1 : 0;
  if (marked < count) owners.find(platform::Protocol::kUdp, std::span(clients_).first(count), server, owners_);
  if (marked == 0) return;
  for (std::size_t i = 0; i < count; ++i) {
    if ((questions_[i].mark & kGateMark) != 0) owners_[i] = questions_[i].mark & ~kGateMark;
  }
}

void DnsPackets::answer(std::size_t i, std::size_t size) {
  answers_[answered_++] = {clients_[i], std::span(answer_rooms_[i]).first(size)};
}

void DnsPackets::send(platform::Socket& socket) {
  socket.send_packets(std::span(answers_).first(answered_));
  answered_ = 0;
}

}  // namespace caretaker::agent
