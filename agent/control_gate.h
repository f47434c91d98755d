// The fields of the one request that caretaker-gate makes, and of what caretaker-inspect says of itself. Every parse_ is bounded, takes any bytes, and refuses what is left over.
// agent/PROTOCOL.md. Pure; any thread.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "agent/control.h"
#include "platform/base/crypto.h"
#include "platform/base/gate_rules.h"

namespace caretaker::agent {

// Something about the packet filter that the school is to know.
enum class GateNews : std::uint8_t { kFilterDown, kFilterUp, kRulesRestored, kRulesRefused };
[[nodiscard]] std::string_view gate_news_name(GateNews news);  // stable: the event's rule

inline constexpr std::size_t kMaxGateNews = 64;
inline constexpr std::size_t kMaxAttempts = 64;
// News and attempts that are sent again after a lost answer have the same id, and are stored once.
struct GateReport {
  std::array<std::uint8_t, 16> id{};
  Hash policy{};           // of the policy's text that the caller has; all zeros: none
  bool filter_works = false;
  std::vector<GateNews> news;
  std::uint32_t lost = 0;  // attempts that found no room in the caller's queue since the last that were stored
  std::vector<GateAttempt> attempts;
};
[[nodiscard]] Bytes make_gate_report(const GateReport& report);
[[nodiscard]] Result<GateReport> parse_gate_report(ByteView fields);

struct GateAnswer {
  enum class Word : std::uint8_t { kNoPolicy, kUnchanged, kPolicy };
  Word word = Word::kNoPolicy;
  bool stored = false;  // news and attempts are on the disk; else they are to be sent again
  std::string policy_toml;
};
[[nodiscard]] Bytes make_gate_answer(const GateAnswer& answer);
[[nodiscard]] Result<GateAnswer> parse_gate_answer(ByteView fields);

struct InspectReport {
  bool sees = false;           // the kernel hands connections over
  std::uint32_t restored = 0;  // how often since the last report somebody else had changed the rules
};
[[nodiscard]] Bytes make_inspect_report(const InspectReport& report);
[[nodiscard]] Result<InspectReport> parse_inspect_report(ByteView fields);

}  // namespace caretaker::agent
