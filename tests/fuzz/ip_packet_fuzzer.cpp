// Any bytes as a packet that leaves the machine.
#include <cstdlib>

#include "agent/inspect/ip_packet.h"

using namespace caretaker;
using namespace caretaker::agent;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = parse_ip_packet({data, size});
  if (!packet || packet->content.empty()) return 0;
  if (packet->content.data() < data || packet->content.data() + packet->content.size() > data + size) std::abort();
  return 0;
}
