#include "agent/control_help.h"

#include "agent/control_fields.h"

namespace caretaker::agent {

Bytes make_help_report(const HelpReport& report) {
  ByteWriter out;
  out.raw(report.id);
  out.u8(report.uid ? 1 : 0);
  out.u32(report.uid.value_or(0));
  out.u8(static_cast<std::uint8_t>(report.kind));
  out.sized(report.name);
  out.sized(std::string_view(report.words).substr(0, kMaxHelpWords));
  return std::move(out).take();
}

Result<HelpReport> parse_help_report(ByteView fields) {
  ByteReader in(fields);
  HelpReport out;
  out.id = read_array<16>(in);
  const std::uint8_t known = in.u8();
  const std::uint32_t uid = in.u32();
  const std::uint8_t kind = in.u8();
  out.name = in.text(kMaxShortText);
  out.words = in.text(kMaxHelpWords);
  if (!in.at_end() || known > 1 || (known == 0 && uid != 0) || kind > 1) return malformed("report of what somebody wrote");
  if (known == 1) out.uid = uid;
  out.kind = static_cast<HelpKind>(kind);
  return out;
}

Bytes make_help_answer(HelpOutcome outcome) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(outcome));
  return std::move(out).take();
}

Result<HelpOutcome> parse_help_answer(ByteView fields) {
  ByteReader in(fields);
  const std::uint8_t outcome = in.u8();
  if (!in.at_end() || outcome > 2) return malformed("answer to what somebody wrote");
  return static_cast<HelpOutcome>(outcome);
}

}  // namespace caretaker::agent
