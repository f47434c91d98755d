// The fields of the requests that caretaker-programs makes. Every parse_ is bounded, takes any bytes, and refuses what is left over.
// agent/PROTOCOL.md. Pure; any thread.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "agent/control.h"
#include "platform/base/clock.h"
#include "policy/decide_program.h"

namespace caretaker::agent {

// A program that was refused, or that is to be recorded.
struct ProgramAttempt {
  std::uint32_t uid = 0;
  bool denied = true;
  policy::ProgramReason reason = policy::ProgramReason::kOwned;
  std::string name;  // of the file, without its folders
  UnixSeconds time = 0;
  friend bool operator==(const ProgramAttempt&, const ProgramAttempt&) = default;
};

// kReportPrograms. A group that is sent again after a lost answer has the same id, and is stored once. No fields in the answer.
inline constexpr std::size_t kMaxProgramAttempts = 64;
struct ProgramReport {
  std::array<std::uint8_t, 16> id{};
  std::uint32_t lost = 0;         // attempts that found no room in the caller's queue since the last group
  std::uint32_t let_through = 0;  // programs that nobody could judge in time since then, and that ran
  std::vector<ProgramAttempt> attempts;
};
[[nodiscard]] Bytes make_program_report(const ProgramReport& report);
[[nodiscard]] Result<ProgramReport> parse_program_report(ByteView fields);

// kReportProgramsState. No fields in the answer.
struct ProgramsState {
  std::array<std::uint8_t, 16> run{};  // another for each process: one that was ended is told apart from a report that is sent again
  bool judges = true;                  // false: it stops, in order
};
[[nodiscard]] Bytes make_programs_state(const ProgramsState& state);
[[nodiscard]] Result<ProgramsState> parse_programs_state(ByteView fields);

}  // namespace caretaker::agent
