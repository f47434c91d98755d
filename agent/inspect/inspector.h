// What becomes of a connection that leaves this machine, by the name that its first packets carry. No sockets, no queue: packets in,
// verdicts out. One thread.
#pragma once

#include <map>

#include "agent/askers.h"
#include "agent/inspect/ip_packet.h"
#include "agent/inspect/quic_start.h"
#include "agent/violation_log.h"
#include "platform/packet_queue.h"

namespace caretaker::agent {

struct InspectCounters {
  std::uint64_t packets = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t unreadable = 0;  // of either
};

class Inspector {
 public:
  Inspector(ViolationSink sink, const Clock& clock) : violations_(std::move(sink)), clock_(clock) {}

  void use(FilterPtr filter);  // from now on; without one nothing is accepted
  [[nodiscard]] platform::PacketVerdict decide(const platform::HeldPacket& packet);
  [[nodiscard]] const InspectCounters& counters() const { return counters_; }

 private:
  struct FlowKey {
    platform::Protocol protocol = platform::Protocol::kTcp;
    std::uint32_t connection = 0;
    std::array<std::uint8_t, 36> ends{};
    friend auto operator<=>(const FlowKey&, const FlowKey&) = default;
  };
  // A connection that has not shown its name yet.
  struct Flow {
    std::uint32_t first = 0;  // TCP: number of the first byte of `stream`
    Bytes stream;
    std::optional<QuicStart> quic;
    int packets = 0;
    bool has_begun = false;  // what has come is a part of a hello
    MonotonicMs ends = 0;
  };
  // One whose answer is given. What was held before the kernel knew of the answer comes after it, and is more of the same.
  struct Settled {
    platform::PacketVerdict verdict = platform::PacketVerdict::kRefuse;
    std::uint32_t first = 0;  // TCP: number of its first byte
    std::int64_t size = 0;    // of what is known of it from there on
    MonotonicMs ends = 0;
  };
  [[nodiscard]] static FlowKey key_of(const IpPacket& packet, std::uint32_t connection);
  void keep(const FlowKey& key, const IpPacket& packet, platform::PacketVerdict verdict, MonotonicMs now);
  [[nodiscard]] std::optional<platform::PacketVerdict> answer_given(const FlowKey& key, const IpPacket& packet, MonotonicMs now);
  [[nodiscard]] Flow& flow_of(const FlowKey& key, MonotonicMs now);
  [[nodiscard]] Hello read(const FlowKey& key, const IpPacket& packet, bool has_begun, MonotonicMs now);
  [[nodiscard]] Hello read_tcp(const FlowKey& key, const IpPacket& packet, MonotonicMs now);
  [[nodiscard]] Hello read_udp(const FlowKey& key, const IpPacket& packet, MonotonicMs now);
  [[nodiscard]] platform::PacketVerdict settle(const Hello& hello, const IpPacket& packet, platform::SocketOwners::Owner owner, MonotonicMs now);
  [[nodiscard]] platform::PacketVerdict decide_name(std::string_view written, const IpPacket& packet, platform::SocketOwners::Owner owner, MonotonicMs now);
  [[nodiscard]] platform::PacketVerdict decide_unreadable(const IpPacket& packet, platform::SocketOwners::Owner owner, MonotonicMs now);

  FilterPtr filter_;
  Askers askers_;
  ViolationLog violations_;
  const Clock& clock_;
  std::map<FlowKey, Flow> flows_;
  std::map<FlowKey, Settled> settled_;
  InspectCounters counters_;
};

}  // namespace caretaker::agent
