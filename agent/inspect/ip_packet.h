// An IP packet that leaves this machine, down to what TCP or UDP carries. RFC 791, 8200, 9293, 768. Every byte is foreign: users choose
// options, flags and ports. Pure; any thread.
#pragma once

#include <compare>
#include <optional>

#include "platform/dns_host.h"

namespace caretaker::agent {

struct IpPacket {
  platform::Protocol protocol = platform::Protocol::kTcp;
  platform::Endpoint from;
  platform::Endpoint to;
  std::uint8_t hops = 0;       // that it may still go: TTL, hop limit
  std::uint32_t sequence = 0;  // TCP: number of the first byte of `content`
  bool begins = false;         // TCP: SYN without ACK
  bool ends = false;           // TCP: FIN or RST
  bool is_urgent = false;      // TCP: URG; the server may take a byte out of the stream
  ByteView content;            // looks into the packet
};
// nullopt: neither TCP nor UDP, a later fragment, or cut short.
[[nodiscard]] std::optional<IpPacket> parse_ip_packet(ByteView bytes);

}  // namespace caretaker::agent
