#include "agent/guard/monitor.h"

#include <algorithm>
#include <array>

namespace caretaker::agent {
namespace {

constexpr std::array kTable = {
    MonitorRow{Ask::kGetFilter, "get-filter", Who::kDecides, &Guard::get_filter},
    MonitorRow{Ask::kWaitFilter, "wait-filter", Who::kDecides, &Guard::wait_filter},
    MonitorRow{Ask::kReportWeb, "report-web", Who::kNames, &Guard::report_web},
    MonitorRow{Ask::kNextBatch, "next-batch", Who::kNet, &Guard::next_batch},
    MonitorRow{Ask::kTakeAnswer, "take-answer", Who::kNet, &Guard::take_answer},
    MonitorRow{Ask::kOfferSet, "offer-set", Who::kNet, &Guard::offer_set},
    MonitorRow{Ask::kGetUplink, "get-uplink", Who::kNet, &Guard::get_uplink},
    MonitorRow{Ask::kNextHold, "next-hold", Who::kNet, &Guard::next_hold},
    MonitorRow{Ask::kReportHelp, "report-help", Who::kNet, &Guard::report_help},
    MonitorRow{Ask::kReportPortal, "report-portal", Who::kNet, &Guard::report_portal},
    MonitorRow{Ask::kReportGate, "report-gate", Who::kGate, &Guard::report_gate},
    MonitorRow{Ask::kReportPrograms, "report-programs", Who::kPrograms, &Guard::report_programs},
    MonitorRow{Ask::kReportProgramsState, "report-programs-state", Who::kPrograms, &Guard::report_programs_state},
    MonitorRow{Ask::kReportInspect, "report-inspect", Who::kInspect, &Guard::report_inspect},
    MonitorRow{Ask::kCheckSet, "check-set", Who::kNet, &Guard::check_set},
    MonitorRow{Ask::kStatus, "status", Who::kAnybody, &Guard::status},
    MonitorRow{Ask::kEvents, "events", Who::kOwner, &Guard::events},
    MonitorRow{Ask::kEnrolBegin, "enrol-begin", Who::kOwner, &Guard::enrol_begin},
    MonitorRow{Ask::kEnrolFinish, "enrol-finish", Who::kOwner, &Guard::enrol_finish},
    MonitorRow{Ask::kWhy, "why", Who::kAnybody, &Guard::why},
    MonitorRow{Ask::kSnooze, "snooze", Who::kAnybody, &Guard::snooze},
    MonitorRow{Ask::kImport, "import", Who::kOwner, &Guard::import},
    MonitorRow{Ask::kImportSet, "import-set", Who::kOwner, &Guard::offer_set},
    MonitorRow{Ask::kLostNotice, "lost-notice", Who::kAnybody, &Guard::lost_notice},
    MonitorRow{Ask::kUnlock, "unlock", Who::kAnybody, &Guard::unlock},
};

// Answers that only a caller who is wrong, or who tries, can get.
bool is_refusal(ErrorCode code) {
  return code == ErrorCode::kInvalidInput || code == ErrorCode::kPermissionDenied || code == ErrorCode::kUnauthentic ||
         code == ErrorCode::kUnsupported || code == ErrorCode::kTooLarge;
}

}  // namespace

std::span<const MonitorRow> monitor_table() { return kTable; }

bool Monitor::may(Who who, const platform::Peer& peer) const {
  const GuardSettings& settings = guard_.settings();
  switch (who) {
    case Who::kNet: return peer.uid == settings.net_uid;
    case Who::kNames: return peer.uid == settings.net_uid || peer.uid == settings.inspect_uid;
    case Who::kDecides: return may(Who::kNames, peer) || may(Who::kPrograms, peer);
    case Who::kInspect: return peer.uid == settings.inspect_uid;
    case Who::kPrograms: return peer.uid == settings.programs_uid;
    case Who::kGate: return peer.uid == settings.gate_uid;
    case Who::kOwner: return guard_.is_owner(peer);
    case Who::kAnybody: return true;
  }
  return false;
}

Result<Answered> Monitor::handle(const platform::Peer& peer, const platform::ControlFrame& request, std::string& name) {
  TRY(parsed, parse_request(request.bytes));
  const auto row = std::ranges::find(kTable, static_cast<Ask>(parsed.ask), &MonitorRow::ask);
  if (row == kTable.end()) return make_error(ErrorCode::kUnsupported, "the guard knows no such request");
  name = row->name;
  if (!may(row->who, peer)) return make_error(ErrorCode::kPermissionDenied, "you may not ask the guard for this");
  return (guard_.*row->handler)({peer, parsed.fields, request.file});
}

platform::ControlFrame Monitor::answer(const platform::Peer& peer, platform::ControlFrame request) {
  std::string name = "unknown";
  auto answered = handle(peer, request, name);
  if (answered) return {make_answer(answered->fields), std::move(answered->file)};
  const Error& error = answered.error();
  if (is_refusal(error.code)) {
    ++refused_;
    if (may(Who::kDecides, peer) || may(Who::kGate, peer)) {
      guard_.book().note({"guard.refused-ask", name + ":" + std::string(error_code_name(error.code)), sync::Severity::kMedium});
    }
  }
  return {make_error_answer(error), {}};
}

}  // namespace caretaker::agent
