// Any datagrams of a QUIC client; two bytes in front of each say how long it is.
#include <algorithm>

#include "agent/inspect/quic_start.h"

using namespace caretaker;
using namespace caretaker::agent;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView rest(data, size);
  QuicStart start;
  CryptoStream stream;
  while (rest.size() > 2) {
    const std::size_t length = std::min<std::size_t>(rest[0] | rest[1] << 8, rest.size() - 2);
    const ByteView datagram = rest.subspan(2, length);
    if (start.add(datagram).state != HelloState::kMore) start = QuicStart();
    (void)stream.add(rest[0] * 131u, datagram);
    (void)parse_client_hello(stream.beginning());
    rest = rest.subspan(2 + length);
  }
  return 0;
}
