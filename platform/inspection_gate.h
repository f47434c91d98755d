// Rules of the packet filter that hand the first packets of each connection to a PacketQueue, and carry out what is answered. Port: a
// table of nftables of its own on Linux, by the program nft (CAP_NET_ADMIN).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "platform/base/result.h"

namespace caretaker::platform {

struct InspectionGate {
  std::uint16_t queue = 0;
  std::vector<std::uint32_t> exempt_uids;  // beside root
  bool pass_when_down = false;             // packets pass while nobody listens to the queue; else they are dropped
};
// The whole table as nft reads it, which takes the place of the one before. Pure.
[[nodiscard]] std::string make_inspection_text(const InspectionGate& gate);

[[nodiscard]] Status apply_inspection(const InspectionGate& gate);
// As if there had never been one.
[[nodiscard]] Status remove_inspection();

}  // namespace caretaker::platform
