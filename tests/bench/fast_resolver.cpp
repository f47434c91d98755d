// fast_resolver [PORT]: a resolver that knows every name: one A record of the range kept for documentation (RFC 5737) for A
// questions, no record for others. Many packets a system call, so that it is not what is measured. Prints its port.
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/bench/loopback.h"

namespace {

using namespace caretaker::bench;

constexpr unsigned kPackets = 64;
constexpr std::size_t kHeader = 12;
constexpr std::size_t kRecord = 16;
constexpr std::size_t kMaxPacket = 1500;

struct Packet {
  std::array<std::uint8_t, kMaxPacket> bytes;
  sockaddr_in from;
  iovec place;
};

// Where the first question ends; 0 when there is none.
std::size_t question_end(const std::uint8_t* bytes, std::size_t size) {
  std::size_t at = kHeader;
  while (at < size && bytes[at] != 0) at += 1 + bytes[at];
  return at + 5 <= size ? at + 5 : 0;
}

// Turns a question into its answer, in place; the size of the answer, 0 for no answer.
std::size_t make_answer(std::uint8_t* bytes, std::size_t size) {
  const auto end = question_end(bytes, size);
  if (end == 0 || end + kRecord > kMaxPacket) return 0;
  const bool is_a = bytes[end - 4] == 0 && bytes[end - 3] == 1;
  constexpr std::uint8_t kFlagsAndCounts[] = {0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0};
  std::memcpy(bytes + 2, kFlagsAndCounts, sizeof(kFlagsAndCounts));
  if (!is_a) return end;
  bytes[7] = 1;
  constexpr std::uint8_t kAnswer[kRecord] = {0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1};
  std::memcpy(bytes + end, kAnswer, kRecord);
  return end + kRecord;
}

unsigned answer_all(std::array<Packet, kPackets>& packets, const std::array<mmsghdr, kPackets>& received, unsigned count,
                    std::array<mmsghdr, kPackets>& sent) {
  unsigned answers = 0;
  for (unsigned i = 0; i < count; ++i) {
    const auto size = make_answer(packets[i].bytes.data(), received[i].msg_len);
    if (size == 0) continue;
    packets[i].place.iov_len = size;
    sent[answers++] = received[i];
  }
  return answers;
}

[[noreturn]] void serve(int socket) {
  static std::array<Packet, kPackets> packets;
  std::array<mmsghdr, kPackets> received{};
  std::array<mmsghdr, kPackets> sent{};
  while (true) {
    for (unsigned i = 0; i < kPackets; ++i) {
      packets[i].place = {packets[i].bytes.data(), kMaxPacket};
      received[i].msg_hdr = {&packets[i].from, sizeof(sockaddr_in), &packets[i].place, 1, nullptr, 0, 0};
    }
    const int count = recvmmsg(socket, received.data(), kPackets, MSG_WAITFORONE, nullptr);
    if (count <= 0) continue;
    const unsigned answers = answer_all(packets, received, static_cast<unsigned>(count), sent);
    for (unsigned done = 0; done < answers;) {
      const int moved = sendmmsg(socket, sent.data() + done, answers - done, 0);
      done += moved > 0 ? static_cast<unsigned>(moved) : 1;  // an asker that has gone is left out
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int socket = bound_udp(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
  std::printf("%u\n", static_cast<unsigned>(port_of(socket)));
  std::fflush(stdout);
  serve(socket);
}
