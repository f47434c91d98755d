// Questions over UDP, many at a time: one call to the system each to take them, to find out who asked, and to answer. One thread.
#pragma once

#include <array>

#include "agent/net/dns_answer.h"
#include "platform/sockets.h"

namespace caretaker::agent {

class DnsPackets {
 public:
  // The questions that wait at `socket`, which listens at `server`, in the order in which they came; how many, at most
  // kPacketsAtOnce. All owners are looked up now, after the last of them came: two questions from one port have one owner, as
  // they would have if each were looked up by itself. Those of the time before are forgotten. A question that the packet filter has
  // led here carries its owner in its mark: its own socket is not looked for, since that speaks to somebody else.
  [[nodiscard]] std::size_t receive(platform::Socket& socket, const platform::Endpoint& server,
                                    platform::SocketOwners& owners);

  [[nodiscard]] ByteView question(std::size_t i) const { return questions_[i].bytes; }
  [[nodiscard]] const platform::Endpoint& client(std::size_t i) const { return clients_[i]; }
  [[nodiscard]] platform::SocketOwners::Owner owner(std::size_t i) const { return owners_[i]; }
  [[nodiscard]] std::span<std::uint8_t> room_for_answer(std::size_t i) { return answer_rooms_[i]; }
  // The first `size` bytes of that room are to be sent.
  void answer(std::size_t i, std::size_t size);
  // What has been answered, in this order.
  void send(platform::Socket& socket);

 private:
  static constexpr std::size_t kAtOnce = platform::kPacketsAtOnce;
  static constexpr std::size_t kMaxQuestion = 2048;  // a longer one is cut, and so refused
  void find_owners(std::size_t count, const platform::Endpoint& server, platform::SocketOwners& owners);
  static_assert(kAtOnce <= platform::SocketOwners::kAtOnce);

  std::array<platform::Packet, kAtOnce> questions_;
  std::array<platform::Endpoint, kAtOnce> clients_;
  std::array<platform::SocketOwners::Owner, kAtOnce> owners_;
  std::array<platform::Packet, kAtOnce> answers_;
  std::size_t answered_ = 0;
  std::array<std::array<std::uint8_t, kMaxQuestion>, kAtOnce> question_rooms_;
  std::array<std::array<std::uint8_t, kUdpPayload>, kAtOnce> answer_rooms_;
};

}  // namespace caretaker::agent
