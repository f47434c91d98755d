// The fields of the request with which caretaker-net hands on what somebody wrote on the device's own page. As control_net.h.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "agent/control.h"

namespace caretaker::agent {

// In bytes. With every one of them escaped it still fits the 16 KiB of a sealed part.
inline constexpr std::size_t kMaxHelpWords = 6000;

enum class HelpKind : std::uint8_t {
  kWorried = 0,  // to the safeguarding leads, at once
  kUnblock = 1,  // a name is to be opened
};

// kReportHelp. What is sent again after a lost answer has the same id, and is stored once.
struct HelpReport {
  std::array<std::uint8_t, 16> id{};
  std::optional<std::uint32_t> uid;  // nullopt: nobody could tell who it was; never guessed
  HelpKind kind = HelpKind::kWorried;
  std::string name;   // of the site, normalised; only with kUnblock
  std::string words;  // clean text (platform/base/text.h); may be empty with kUnblock
  bool operator==(const HelpReport&) const = default;
};
[[nodiscard]] Bytes make_help_report(const HelpReport& report);
[[nodiscard]] Result<HelpReport> parse_help_report(ByteView fields);

enum class HelpOutcome : std::uint8_t {
  kStored = 0,   // it is on the disk
  kAlready = 1,  // this user has asked for this name within a day
  kTooMany = 2,  // over the rate: it is not stored, and its writer must be told so
};
[[nodiscard]] Bytes make_help_answer(HelpOutcome outcome);
[[nodiscard]] Result<HelpOutcome> parse_help_answer(ByteView fields);

}  // namespace caretaker::agent
