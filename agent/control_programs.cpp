#include "agent/control_programs.h"

#include "agent/control_fields.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxFileName = 255;

ProgramAttempt read_attempt(ByteReader& in, bool& sensible) {
  ProgramAttempt out;
  out.uid = in.u32();
  const std::uint8_t denied = in.u8();
  const std::uint8_t reason = in.u8();
  out.name = in.text(kMaxFileName);
  out.time = static_cast<UnixSeconds>(in.u64());
  out.denied = denied == 1;
  out.reason = static_cast<policy::ProgramReason>(reason);
  sensible = sensible && denied <= 1 && reason > 0 && reason <= static_cast<std::uint8_t>(policy::kLastProgramReason);
  return out;
}

}  // namespace

Bytes make_program_report(const ProgramReport& report) {
  ByteWriter out;
  out.raw(report.id);
  out.u32(report.lost);
  out.u32(report.let_through);
  out.u32(static_cast<std::uint32_t>(report.attempts.size()));
  for (const ProgramAttempt& attempt : report.attempts) {
    out.u32(attempt.uid);
    out.u8(attempt.denied ? 1 : 0);
    out.u8(static_cast<std::uint8_t>(attempt.reason));
    out.sized(std::string_view(attempt.name).substr(0, kMaxFileName));
    out.u64(static_cast<std::uint64_t>(attempt.time));
  }
  return std::move(out).take();
}

Result<ProgramReport> parse_program_report(ByteView fields) {
  ByteReader in(fields);
  ProgramReport out;
  out.id = read_array<16>(in);
  out.lost = in.u32();
  out.let_through = in.u32();
  const std::uint32_t count = in.u32();
  bool sensible = count <= kMaxProgramAttempts;
  for (std::uint32_t i = 0; i < count && sensible && in.ok(); ++i) out.attempts.push_back(read_attempt(in, sensible));
  if (!sensible || !in.at_end()) return malformed("program report");
  return out;
}

Bytes make_programs_state(const ProgramsState& state) {
  ByteWriter out;
  out.raw(state.run);
  out.u8(state.judges ? 1 : 0);
  return std::move(out).take();
}

Result<ProgramsState> parse_programs_state(ByteView fields) {
  ByteReader in(fields);
  ProgramsState out;
  out.run = read_array<16>(in);
  const std::uint8_t judges = in.u8();
  out.judges = judges == 1;
  if (judges > 1 || !in.at_end()) return malformed("state of programs");
  return out;
}

}  // namespace caretaker::agent
