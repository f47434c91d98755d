#include "agent/net/dns_exchange.h"

#include <algorithm>

#include "platform/base/crypto.h"

namespace caretaker::agent {
namespace {

using platform::Transfer;

constexpr std::uint32_t kMaxForged = 8;
constexpr std::size_t kLengthPrefix = 2;

constexpr std::size_t kCoins = 32;  // bytes, with a bit for each byte of a name

void mix_case(ByteView coins, DnsName& name) {
  for (std::size_t i = 0; i < name.size; ++i) {
    auto& byte = name.bytes[i];
    const bool is_letter = byte >= 'a' && byte <= 'z';
    if (is_letter && (coins[i / 8] >> (i % 8) & 1) != 0) byte = static_cast<std::uint8_t>(byte - 32);
  }
}

std::uint8_t level(std::uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? byte + 32 : byte; }

}  // namespace

Result<DnsExchange> DnsExchange::begin(const platform::Endpoint& server, const DnsQuestion& question,
                                       const ExchangeOptions& options) {
  const bool is_tcp = options.transport == Transport::kTcp;
  auto socket = is_tcp ? platform::Socket::tcp_client(server) : platform::Socket::udp_client(server);
  if (!socket) return socket.error();
  DnsExchange exchange(server, std::move(*socket), options);
  exchange.make_query(question);
  if (is_tcp) return exchange;
  if (exchange.socket_.send(exchange.query_).state != Transfer::State::kMoved) {
    return make_error(ErrorCode::kUnavailable, "send to " + platform::to_text(server));
  }
  exchange.written_ = exchange.query_.size();
  return exchange;
}

void DnsExchange::make_query(const DnsQuestion& question) {
  std::array<std::uint8_t, 2 + kCoins> drawn;  // the id, then the coins
  random_bytes(drawn.data(), drawn.size());
  DnsName name = question.name;
  if (options_.mixed_case) mix_case(ByteView(drawn).subspan(2), name);
  std::array<std::uint8_t, 512> buffer;
  DnsWriter writer(buffer);
  const auto flags = dns_flag::kRecursionDesired | (options_.checking_disabled ? dns_flag::kCheckingDisabled : 0);
  const std::uint16_t additionals = options_.edns ? 1 : 0;
  writer.header({read_u16(drawn, 0), static_cast<std::uint16_t>(flags), 1, 0, 0, additionals});
  writer.plain_name(name);
  writer.u16(question.type);
  writer.u16(question.dns_class);
  question_size_ = writer.size() - kDnsHeader;
  if (options_.edns) {
    writer.u8(0);
    writer.u16(dns_type::kOpt);
    writer.u16(kUdpPayload);
    writer.u32(options_.dnssec_ok ? 0x8000 : 0);
    writer.u16(0);
  }
  if (options_.transport == Transport::kTcp) {
    query_ = {static_cast<std::uint8_t>(writer.size() >> 8), static_cast<std::uint8_t>(writer.size())};
  }
  query_.insert(query_.end(), writer.bytes().begin(), writer.bytes().end());
}

ByteView DnsExchange::message_sent() const {
  return ByteView(query_).subspan(options_.transport == Transport::kTcp ? kLengthPrefix : 0);
}

DnsExchange::State DnsExchange::count_forged() {
  ++forged_;
  if (options_.transport == Transport::kTcp) return State::kFailed;
  return forged_ >= kMaxForged ? State::kAttacked : State::kWaiting;
}

DnsExchange::State DnsExchange::judge(std::span<std::uint8_t> message) {
  const auto sent = message_sent();
  const auto header = read_header(message);
  if (!header || header->id != read_u16(sent, 0) || (header->flags & dns_flag::kAnswer) == 0) return count_forged();
  const auto code = header->flags & dns_flag::kRcode;
  const bool is_refusal = code == rcode::kFormErr || code == rcode::kNotImp;
  if (is_refusal && header->questions == 0) return options_.edns ? State::kNoEdns : State::kFailed;
  if (header->questions != 1 || message.size() < kDnsHeader + question_size_) return count_forged();
  const auto asked = sent.subspan(kDnsHeader, question_size_);
  const auto answered = message.subspan(kDnsHeader, question_size_);
  if (!std::equal(asked.begin(), asked.end(), answered.begin())) {
    const bool is_levelled = std::equal(asked.begin(), asked.end(), answered.begin(),
                                        [](std::uint8_t a, std::uint8_t b) { return level(a) == level(b); });
    return is_levelled ? State::kCaseChanged : count_forged();
  }
  if ((header->flags & dns_flag::kTruncated) != 0) {
    return options_.transport == Transport::kUdp ? State::kTruncated : State::kFailed;
  }
  if (is_refusal && options_.edns) return State::kNoEdns;
  answer_ = message;
  return State::kAnswered;
}

DnsExchange::State DnsExchange::on_udp(std::span<std::uint8_t> buffer) {
  for (;;) {
    const auto received = socket_.receive(buffer);
    if (received.state == Transfer::State::kWouldBlock) return State::kWaiting;
    if (received.state == Transfer::State::kClosed) return State::kFailed;
    const auto state = judge(buffer.first(received.size));
    if (state != State::kWaiting) return state;
  }
}

DnsExchange::State DnsExchange::on_tcp(const platform::Poller::Event& event, std::span<std::uint8_t> buffer) {
  if (event.writable && wants_to_write()) {
    const auto sent = socket_.send(ByteView(query_).subspan(written_));
    if (sent.state == Transfer::State::kClosed) return State::kFailed;
    written_ += sent.size;
  }
  if (!event.readable) return State::kWaiting;
  const auto received = socket_.receive(buffer);
  if (received.state == Transfer::State::kWouldBlock) return State::kWaiting;
  if (received.state == Transfer::State::kClosed || received.size == 0) return State::kFailed;
  received_.insert(received_.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(received.size));
  if (received_.size() < kLengthPrefix) return State::kWaiting;
  const std::size_t size = read_u16(received_, 0);
  if (received_.size() < kLengthPrefix + size) return State::kWaiting;
  std::copy_n(received_.begin() + kLengthPrefix, size, buffer.begin());
  return judge(buffer.first(size));
}

DnsExchange::State DnsExchange::on_ready(const platform::Poller::Event& event, std::span<std::uint8_t> buffer) {
  return options_.transport == Transport::kUdp ? on_udp(buffer) : on_tcp(event, buffer);
}

}  // namespace caretaker::agent
