#include "agent/control_gate.h"

#include "agent/control_fields.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxPolicyText = 1u << 20;
constexpr std::size_t kMaxAddress = 45;
constexpr std::array<std::string_view, 4> kNewsNames = {"filter-down", "filter-up", "rules-restored", "rules-refused"};

bool is_address_character(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '.' || c == ':'; }

GateAttempt read_attempt(ByteReader& in, bool& sensible) {
  GateAttempt out;
  out.uid = in.u32();
  const std::uint8_t way = in.u8();
  out.way = static_cast<GateAttempt::Way>(way);
  const std::uint8_t tcp = in.u8();
  out.tcp = tcp == 1;
  const std::uint32_t port = in.u32();
  out.port = static_cast<std::uint16_t>(port);
  out.address = in.text(kMaxAddress);
  sensible = sensible && way <= static_cast<std::uint8_t>(GateAttempt::Way::kProxy) && tcp <= 1 && port <= UINT16_MAX && !out.address.empty() &&
             std::ranges::all_of(out.address, is_address_character);
  return out;
}

}  // namespace

std::string_view gate_news_name(GateNews news) { return kNewsNames[static_cast<std::size_t>(news)]; }

Bytes make_gate_report(const GateReport& report) {
  ByteWriter out;
  out.raw(report.id);
  out.raw(report.policy);
  out.u8(report.filter_works ? 1 : 0);
  out.u32(static_cast<std::uint32_t>(report.news.size()));
  for (const GateNews news : report.news) out.u8(static_cast<std::uint8_t>(news));
  out.u32(report.lost);
  out.u32(static_cast<std::uint32_t>(report.attempts.size()));
  for (const GateAttempt& attempt : report.attempts) {
    out.u32(attempt.uid);
    out.u8(static_cast<std::uint8_t>(attempt.way));
    out.u8(attempt.tcp ? 1 : 0);
    out.u32(attempt.port);
    out.sized(attempt.address);
  }
  return std::move(out).take();
}

Result<GateReport> parse_gate_report(ByteView fields) {
  ByteReader in(fields);
  GateReport out;
  out.id = read_array<16>(in);
  out.policy = read_array<32>(in);
  const std::uint8_t works = in.u8();
  out.filter_works = works == 1;
  bool sensible = works <= 1;
  const std::uint32_t news = in.u32();
  if (news > kMaxGateNews) return malformed("gate report");
  for (std::uint32_t i = 0; i < news; ++i) {
    const std::uint8_t one = in.u8();
    sensible = sensible && one < kNewsNames.size();
    out.news.push_back(static_cast<GateNews>(one));
  }
  out.lost = in.u32();
  const std::uint32_t attempts = in.u32();
  if (attempts > kMaxAttempts) return malformed("gate report");
  for (std::uint32_t i = 0; i < attempts; ++i) out.attempts.push_back(read_attempt(in, sensible));
  if (!in.at_end() || !sensible) return malformed("gate report");
  return out;
}

Bytes make_gate_answer(const GateAnswer& answer) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(answer.word));
  out.u8(answer.stored ? 1 : 0);
  out.sized(answer.policy_toml);
  return std::move(out).take();
}

Result<GateAnswer> parse_gate_answer(ByteView fields) {
  ByteReader in(fields);
  const std::uint8_t word = in.u8();
  const std::uint8_t stored = in.u8();
  GateAnswer out{static_cast<GateAnswer::Word>(word), stored == 1, in.text(kMaxPolicyText)};
  if (!in.at_end() || word > 2 || stored > 1) return malformed("gate answer");
  return out;
}

Bytes make_inspect_report(const InspectReport& report) {
  ByteWriter out;
  out.u8(report.sees ? 1 : 0);
  out.u32(report.restored);
  return std::move(out).take();
}

Result<InspectReport> parse_inspect_report(ByteView fields) {
  ByteReader in(fields);
  const std::uint8_t sees = in.u8();
  const InspectReport out{sees == 1, in.u32()};
  if (!in.at_end() || sees > 1) return malformed("inspect report");
  return out;
}

}  // namespace caretaker::agent
