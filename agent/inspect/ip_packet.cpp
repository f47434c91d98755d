#include "agent/inspect/ip_packet.h"

#include <algorithm>

namespace caretaker::agent {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr int kMaxExtensions = 8;

std::uint16_t u16(ByteView bytes, std::size_t at) { return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]); }

bool take_addresses(ByteView from, ByteView to, bool is_v6, IpPacket& out) {
  out.from.is_v6 = out.to.is_v6 = is_v6;
  std::ranges::copy(from, out.from.address.begin());
  std::ranges::copy(to, out.to.address.begin());
  return true;
}

struct Inner {
  std::uint8_t protocol = 0;
  ByteView bytes;
};

std::optional<Inner> open_v4(ByteView bytes, IpPacket& out) {
  if (bytes.size() < 20) return std::nullopt;
  const std::size_t header = std::size_t{4} * (bytes[0] & 15u);
  const std::size_t total = u16(bytes, 2);
  const bool is_later_fragment = (u16(bytes, 6) & 0x1fffu) != 0;
  // A total of 0 stands in packets that are longer than it could say.
  if (header < 20 || bytes.size() < header || (total != 0 && total < header) || is_later_fragment) return std::nullopt;
  take_addresses(bytes.subspan(12, 4), bytes.subspan(16, 4), false, out);
  out.hops = bytes[8];
  const std::size_t end = total == 0 ? bytes.size() : std::min(total, bytes.size());
  return Inner{bytes[9], bytes.subspan(header, end - header)};
}

// Extension headers that may stand in front; each says how long it is.
std::optional<Inner> open_v6(ByteView bytes, IpPacket& out) {
  if (bytes.size() < 40) return std::nullopt;
  take_addresses(bytes.subspan(8, 16), bytes.subspan(24, 16), true, out);
  out.hops = bytes[7];
  const std::size_t length = u16(bytes, 4);
  Inner inner{bytes[6], bytes.subspan(40, length == 0 ? bytes.size() - 40 : std::min(length, bytes.size() - 40))};
  for (int i = 0; i < kMaxExtensions; ++i) {
    const bool is_fragment = inner.protocol == 44;
    if (inner.protocol != 0 && inner.protocol != 43 && inner.protocol != 60 && !is_fragment) return inner;
    if (inner.bytes.size() < 8 || (is_fragment && (u16(inner.bytes, 2) & 0xfff8u) != 0)) return std::nullopt;
    const std::size_t size = is_fragment ? 8 : std::size_t{8} * (inner.bytes[1] + 1u);
    if (size > inner.bytes.size()) return std::nullopt;
    inner = {inner.bytes[0], inner.bytes.subspan(size)};
  }
  return std::nullopt;
}

bool open_tcp(ByteView bytes, IpPacket& out) {
  if (bytes.size() < 20) return false;
  const std::size_t header = std::size_t{4} * (bytes[12] >> 4);
  if (header < 20 || header > bytes.size()) return false;
  const bool is_first = (bytes[13] & 0x02) != 0;  // SYN takes a number of its own
  out.protocol = platform::Protocol::kTcp;
  out.sequence = (std::uint32_t{bytes[4]} << 24 | std::uint32_t{bytes[5]} << 16 | std::uint32_t{bytes[6]} << 8 | bytes[7]) + (is_first ? 1 : 0);
  out.begins = is_first && (bytes[13] & 0x10) == 0;
  out.ends = (bytes[13] & 0x05) != 0;
  out.is_urgent = (bytes[13] & 0x20) != 0;
  out.content = bytes.subspan(header);
  return true;
}

bool open_udp(ByteView bytes, IpPacket& out) {
  if (bytes.size() < 8) return false;
  const std::size_t length = u16(bytes, 4);
  if (length != 0 && length < 8) return false;
  out.protocol = platform::Protocol::kUdp;
  out.content = bytes.subspan(8, length == 0 ? bytes.size() - 8 : std::min(length, bytes.size()) - 8);
  return true;
}

}  // namespace

std::optional<IpPacket> parse_ip_packet(ByteView bytes) {
  if (bytes.empty()) return std::nullopt;
  IpPacket out;
  const int version = bytes[0] >> 4;
  const auto inner = version == 4 ? open_v4(bytes, out) : version == 6 ? open_v6(bytes, out) : std::nullopt;
  if (!inner || inner->bytes.size() < 8) return std::nullopt;
  out.from.port = u16(inner->bytes, 0);
  out.to.port = u16(inner->bytes, 2);
  if (inner->protocol == kTcp && open_tcp(inner->bytes, out)) return out;
  if (inner->protocol == kUdp && open_udp(inner->bytes, out)) return out;
  return std::nullopt;
}

}  // namespace caretaker::agent
