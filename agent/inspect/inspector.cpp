#include "agent/inspect/inspector.h"

#include <algorithm>

#include "policy/address.h"
#include "policy/domain_name.h"
#include "policy/portal.h"

namespace caretaker::agent {
namespace {

using platform::PacketVerdict;
using platform::Protocol;
using policy::Verdict;

constexpr std::size_t kMaxFlows = 1024;
constexpr int kMaxPackets = 64;       // of a connection that does not show its name
constexpr int kOtherDatagrams = 3;    // of no protocol that we know, before a connection is left alone
constexpr MonotonicMs kFlowMs = 60'000;
constexpr std::size_t kMaxSettled = 4096;
constexpr MonotonicMs kSettledMs = 30'000;  // longer than anything is held
constexpr std::uint8_t kFewHops = 32;  // systems begin with 64 and more, and the longest ways have some thirty
constexpr std::uint16_t kHttp = 80;
constexpr std::uint16_t kHttps = 443;

// Of the network at hand: printers, projectors, a router's pages, which have addresses and no names.
bool is_near(const platform::Endpoint& to) {
  return policy::is_near_address(std::span(to.address).first(to.is_v6 ? 16 : 4));
}

// An address as the DNS writes it: what stands in the event instead of a name.
std::string reverse_name(const platform::Endpoint& to) {
  std::string out;
  if (!to.is_v6) {
    for (int i = 3; i >= 0; --i) out += std::to_string(to.address[static_cast<std::size_t>(i)]) + ".";
    return out + "in-addr.arpa";
  }
  const std::string hex = to_hex(to.address);
  for (auto digit = hex.rbegin(); digit != hex.rend(); ++digit) (out += *digit) += '.';
  return out + "ip6.arpa";
}

// Where every server speaks a protocol that we read, what we cannot read is a form of it that we do not know.
bool must_be_readable(const IpPacket& packet) {
  const bool is_http = packet.protocol == Protocol::kTcp && packet.to.port == kHttp && !is_near(packet.to);
  return packet.to.port == kHttps || is_http;
}

// Of a connection that began elsewhere, or before this device's memory of it: RFC 9000 section 17.3, a short header.
bool may_be_quic_that_goes_on(const IpPacket& packet) { return packet.protocol == Protocol::kUdp && (packet.content[0] & 0xc0u) == 0x40u; }

// For one more: what is over goes, or else what would be over first.
template <typename Entries>
void make_room(Entries& entries, std::size_t most, MonotonicMs now) {
  if (entries.size() < most) return;
  std::erase_if(entries, [now](const auto& entry) { return entry.second.ends <= now; });
  if (entries.size() >= most) entries.erase(std::ranges::min_element(entries, {}, [](const auto& entry) { return entry.second.ends; }));
}

bool refuses_unreadable(const FilterPtr& filter) { return filter->policy.inspection.unreadable == policy::Unreadable::kRefuse; }

}  // namespace

void Inspector::use(FilterPtr filter) {
  filter_ = std::move(filter);
  askers_ = Askers();  // or one who asks no more would hold on to the old set
}

Inspector::FlowKey Inspector::key_of(const IpPacket& packet, std::uint32_t connection) {
  FlowKey key{packet.protocol, connection, {}};
  auto at = key.ends.begin();
  for (const platform::Endpoint* end : {&packet.from, &packet.to}) {
    at = std::ranges::copy(end->address, at).out;
    *at++ = static_cast<std::uint8_t>(end->port >> 8);
    *at++ = static_cast<std::uint8_t>(end->port);
  }
  return key;
}

// One that has to go for another is read from its middle when it goes on, and so not at all.
Inspector::Flow& Inspector::flow_of(const FlowKey& key, MonotonicMs now) {
  if (const auto known = flows_.find(key); known != flows_.end()) return known->second;
  make_room(flows_, kMaxFlows, now);
  Flow& flow = flows_[key];
  flow.ends = now + kFlowMs;
  return flow;
}

Hello Inspector::read(const FlowKey& key, const IpPacket& packet, bool has_begun, MonotonicMs now) {
  if (const auto known = flows_.find(key); known != flows_.end() && known->second.ends <= now) flows_.erase(known);
  if (has_begun && !flows_.contains(key)) return {HelloState::kUnreadable, "", false};  // its beginning has been forgotten
  return packet.protocol == Protocol::kTcp ? read_tcp(key, packet, now) : read_udp(key, packet, now);
}

Hello Inspector::read_tcp(const FlowKey& key, const IpPacket& packet, MonotonicMs now) {
  if (packet.is_urgent) return {HelloState::kUnreadable, "", false};  // a byte of it may not be in what the server reads
  // Made to get past us and no further: what the server reads comes after it.
  if (packet.hops < kFewHops && !is_near(packet.to)) return {HelloState::kUnreadable, "", false};
  const auto known = flows_.find(key);
  if (known == flows_.end()) {
    Hello hello = parse_tcp_start(packet.content);
    if (hello.state != HelloState::kMore) return hello;
    Flow& flow = flow_of(key, now);
    flow.has_begun = true;
    flow.first = packet.sequence;
    flow.stream = to_bytes(packet.content);
    return hello;
  }
  Flow& flow = known->second;
  const auto offset = static_cast<std::int32_t>(packet.sequence - flow.first);  // numbers wrap
  const auto size = static_cast<std::int64_t>(flow.stream.size());
  if (offset > size || ++flow.packets > kMaxPackets) return {HelloState::kUnreadable, "", false};  // something went by unseen
  if (offset >= 0 && offset + static_cast<std::int64_t>(packet.content.size()) > size) {
    const ByteView fresh = packet.content.subspan(static_cast<std::size_t>(size - offset));
    flow.stream.insert(flow.stream.end(), fresh.begin(), fresh.end());
  }
  return parse_tcp_start(flow.stream);
}

Hello Inspector::read_udp(const FlowKey& key, const IpPacket& packet, MonotonicMs now) {
  Flow& flow = flow_of(key, now);
  if (!flow.quic) flow.quic.emplace();
  Hello hello = flow.quic->add(packet.content);
  if (hello.state == HelloState::kMore) flow.has_begun = true;
  if (hello.state == HelloState::kOther && packet.to.port != kHttps && ++flow.packets < kOtherDatagrams) hello.state = HelloState::kMore;
  return hello;
}

PacketVerdict Inspector::decide(const platform::HeldPacket& held) {
  ++counters_.packets;
  const auto packet = parse_ip_packet(held.bytes);
  if (!filter_) return PacketVerdict::kRefuse;
  if (!packet) return PacketVerdict::kPass;
  const FlowKey key = key_of(*packet, held.connection);
  if (packet->begins) {  // another connection, though the kernel goes on with what it knew of the one before
    flows_.erase(key);
    settled_.erase(key);
  }
  if (packet->content.empty()) {
    if (packet->ends) flows_.erase(key);
    return PacketVerdict::kPass;
  }
  const MonotonicMs now = clock_.monotonic_ms();
  if (const auto given = answer_given(key, *packet, now)) return *given;
  const Hello hello = read(key, *packet, held.has_begun, now);
  if (hello.state == HelloState::kMore) return flows_.at(key).has_begun ? PacketVerdict::kBegun : PacketVerdict::kPass;
  const PacketVerdict verdict = settle(hello, *packet, held.uid, now);
  keep(key, *packet, verdict, now);
  ++(verdict == PacketVerdict::kRefuse ? counters_.refused : counters_.accepted);
  return verdict;
}

void Inspector::keep(const FlowKey& key, const IpPacket& packet, PacketVerdict verdict, MonotonicMs now) {
  const auto flow = flows_.find(key);
  const std::uint32_t first = flow != flows_.end() && packet.protocol == Protocol::kTcp ? flow->second.first : packet.sequence;
  const auto size = std::int64_t{static_cast<std::int32_t>(packet.sequence - first)} + static_cast<std::int64_t>(packet.content.size());
  if (flow != flows_.end()) flows_.erase(flow);
  make_room(settled_, kMaxSettled, now);
  settled_[key] = {verdict, first, size, now + kSettledMs};
}

// What does not join on to what is known is of another connection, also where the kernel numbers none.
std::optional<PacketVerdict> Inspector::answer_given(const FlowKey& key, const IpPacket& packet, MonotonicMs now) {
  const auto known = settled_.find(key);
  if (known == settled_.end()) return std::nullopt;
  Settled& settled = known->second;
  const auto offset = std::int64_t{static_cast<std::int32_t>(packet.sequence - settled.first)};  // numbers wrap
  const bool joins_on = packet.protocol == Protocol::kUdp || (offset >= 0 && offset <= settled.size);
  if (!joins_on || now >= settled.ends) {
    settled_.erase(known);
    return std::nullopt;
  }
  settled.size = std::max(settled.size, offset + static_cast<std::int64_t>(packet.content.size()));
  return settled.verdict;
}

PacketVerdict Inspector::settle(const Hello& hello, const IpPacket& packet, platform::SocketOwners::Owner owner, MonotonicMs now) {
  switch (hello.state) {
    case HelloState::kName: return decide_name(hello.name, packet, owner, now);
    case HelloState::kOther: return must_be_readable(packet) ? decide_unreadable(packet, owner, now) : PacketVerdict::kAccept;
    case HelloState::kNoName: return is_near(packet.to) ? PacketVerdict::kAccept : decide_unreadable(packet, owner, now);
    case HelloState::kMore:
    case HelloState::kUnreadable: break;
  }
  return decide_unreadable(packet, owner, now);
}

PacketVerdict Inspector::decide_name(std::string_view written, const IpPacket& packet, platform::SocketOwners::Owner owner, MonotonicMs now) {
  const auto name = policy::normalise_name(written);
  if (!name || policy::is_ipv4(*name)) {
    return is_near(packet.to) && name ? PacketVerdict::kAccept : decide_unreadable(packet, owner, now);
  }
  const AskerPtr asker = askers_.find(filter_, owner, now);
  policy::DnsDecision decision = agent::decide(*asker, *name);
  if (!is_near(packet.to)) decision = policy::without_portal(std::move(decision));
  if (decision.verdict != Verdict::kBlock) return PacketVerdict::kAccept;
  violations_.note(*asker, decision, *name, clock_.now(), now);
  return PacketVerdict::kRefuse;
}

PacketVerdict Inspector::decide_unreadable(const IpPacket& packet, platform::SocketOwners::Owner owner, MonotonicMs now) {
  ++counters_.unreadable;
  if (!refuses_unreadable(filter_)) return PacketVerdict::kAccept;
  if (may_be_quic_that_goes_on(packet)) return PacketVerdict::kRefuse;  // and nobody is told: its client begins anew
  policy::DnsDecision decision;
  decision.reason = policy::Reason::kNoReadableName;
  decision.is_violation = true;
  violations_.note(*askers_.find(filter_, owner, now), decision, reverse_name(packet.to), clock_.now(), now);
  return PacketVerdict::kRefuse;
}

}  // namespace caretaker::agent
