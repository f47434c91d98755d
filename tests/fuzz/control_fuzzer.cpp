// Everything that the guard or its callers read from the control socket: each parse_ function takes any bytes, and what
// it takes goes out and in again unchanged.
#include <cstdlib>

#include "agent/control_fields.h"
#include "agent/control_help.h"
#include "agent/control_gate.h"
#include "agent/control_net.h"
#include "agent/control_programs.h"
#include "agent/control_user.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

template <typename Parse, typename Make>
void round_trip(ByteView fields, Parse parse, Make make) {
  const auto first = parse(fields);
  if (!first) return;
  const Bytes made = make(*first);
  const auto second = parse(made);
  if (!second || make(*second) != made) std::abort();
}

void requests(std::uint8_t ask, ByteView fields) {
  switch (static_cast<Ask>(ask)) {
    case Ask::kWaitFilter: return round_trip(fields, parse_wait_filter, make_wait_filter);
    case Ask::kReportWeb: return round_trip(fields, parse_web_report, make_web_report);
    case Ask::kTakeAnswer: return round_trip(fields, parse_take_answer, make_take_answer);
    case Ask::kReportHelp: return round_trip(fields, parse_help_report, make_help_report);
    case Ask::kReportGate: return round_trip(fields, parse_gate_report, make_gate_report);
    case Ask::kReportPortal: return round_trip(fields, parse_portal_report, make_portal_report);
    case Ask::kReportInspect: return round_trip(fields, parse_inspect_report, make_inspect_report);
    case Ask::kReportProgramsState: return round_trip(fields, parse_programs_state, make_programs_state);
    case Ask::kNextHold: return round_trip(fields, parse_next_hold, make_next_hold);
    case Ask::kReportPrograms: return round_trip(fields, parse_program_report, make_program_report);
    case Ask::kEvents: return round_trip(fields, parse_events_question, make_events_question);
    case Ask::kEnrolBegin: return round_trip(fields, parse_enrol_begin, make_enrol_begin);
    case Ask::kEnrolFinish: return round_trip(fields, parse_enrol_finish, make_enrol_finish);
    case Ask::kWhy: return round_trip(fields, parse_why_question, make_why_question);
    case Ask::kUnlock: return round_trip(fields, parse_unlock, make_unlock);
    default: return;
  }
}

void answers(std::uint8_t ask, ByteView fields) {
  switch (static_cast<Ask>(ask)) {
    case Ask::kGetFilter: return round_trip(fields, parse_filter_answer, make_filter_answer);
    case Ask::kWaitFilter: return round_trip(fields, parse_wait_filter_answer, make_wait_filter_answer);
    case Ask::kReportWeb: return round_trip(fields, parse_web_report_answer, make_web_report_answer);
    case Ask::kReportHelp: return round_trip(fields, parse_help_answer, make_help_answer);
    case Ask::kNextBatch:
    case Ask::kNextHold: return round_trip(fields, parse_body_answer, make_body_answer);
    case Ask::kReportPortal: return round_trip(fields, parse_portal_verdict, make_portal_verdict);
    case Ask::kTakeAnswer: return round_trip(fields, parse_taken_answer, make_taken_answer);
    case Ask::kGetUplink: return round_trip(fields, parse_uplink_answer, make_uplink_answer);
    case Ask::kReportGate: return round_trip(fields, parse_gate_answer, make_gate_answer);
    case Ask::kStatus: return round_trip(fields, parse_status_answer, make_status_answer);
    case Ask::kEvents: return round_trip(fields, parse_events_answer, make_events_answer);
    case Ask::kEnrolBegin: return round_trip(fields, parse_enrol_begin_answer, make_enrol_begin_answer);
    case Ask::kWhy: return round_trip(fields, parse_why_answer, make_why_answer);
    case Ask::kLostNotice: return round_trip(fields, parse_lost_answer, make_lost_answer);
    default: return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = parse_request({data, size});
  if (!request) return 0;
  requests(request->ask, request->fields);
  // The same bytes as an answer to the Ask that stands in front.
  if (const auto answer = parse_answer(request->fields)) answers(request->ask, *answer);
  return 0;
}
