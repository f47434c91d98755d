#include "agent/guard_client.h"

#include "agent/control_fields.h"

namespace caretaker::agent {
namespace {

constexpr int kTimeoutMs = 20'000;      // a commit on a slow disk that others use too
constexpr int kSetTimeoutMs = 300'000;  // copying and walking 35 MB on the slowest machine

}  // namespace

Result<GuardClient> GuardClient::connect(const std::filesystem::path& socket) {
  auto channel = platform::ControlClient::connect(socket);
  if (!channel) return channel.error().with_context("no guard at " + socket.string());
  return GuardClient(std::move(*channel));
}

Result<Bytes> GuardClient::call(Ask ask, ByteView fields) {
  TRY(frame, channel_.call(make_request(ask, fields), nullptr, kTimeoutMs));
  TRY(answer, parse_answer(frame.bytes));
  return to_bytes(answer);
}

Result<GuardClient::FilterFile> GuardClient::get_filter() {
  TRY(frame, channel_.call(make_request(Ask::kGetFilter, {}), nullptr, kTimeoutMs));
  TRY(fields, parse_answer(frame.bytes));
  TRY(answer, parse_filter_answer(fields));
  if (answer.state == FilterState::kReady && !frame.file.is_open()) {
    return make_error(ErrorCode::kInvalidInput, "the guard passed no set file");
  }
  return FilterFile{std::move(answer), std::move(frame.file)};
}

Result<WaitedFilter> GuardClient::wait_filter(const Revision& revision) {
  TRY(fields, call(Ask::kWaitFilter, make_wait_filter(revision)));
  return parse_wait_filter_answer(fields);
}

Result<bool> GuardClient::report_web(const WebReport& report) {
  TRY(fields, call(Ask::kReportWeb, make_web_report(report)));
  return parse_web_report_answer(fields);
}

Result<HelpOutcome> GuardClient::report_help(const HelpReport& report) {
  TRY(fields, call(Ask::kReportHelp, make_help_report(report)));
  return parse_help_answer(fields);
}

Status GuardClient::report_programs(const ProgramReport& report) {
  TRY_DONE(call(Ask::kReportPrograms, make_program_report(report)));
  return ok();
}

Result<Bytes> GuardClient::next_batch() {
  TRY(fields, call(Ask::kNextBatch, {}));
  return parse_body_answer(fields);
}

Result<Bytes> GuardClient::next_hold(std::string_view mark) {
  TRY(fields, call(Ask::kNextHold, make_next_hold(mark)));
  return parse_body_answer(fields);
}

Result<TakenAnswer> GuardClient::take_answer(const sync::CheckinAnswer& answer) {
  TRY(fields, call(Ask::kTakeAnswer, make_take_answer(answer)));
  return parse_taken_answer(fields);
}

Status GuardClient::offer_set(const platform::OpenFile& file) { return pass_set(Ask::kOfferSet, file); }
Status GuardClient::import_set(const platform::OpenFile& file) { return pass_set(Ask::kImportSet, file); }

Result<std::vector<std::string>> GuardClient::import(const sync::CheckinAnswer& found) {
  TRY(fields, call(Ask::kImport, make_take_answer(found)));
  return parse_import_answer(fields);
}

Status GuardClient::pass_set(Ask ask, const platform::OpenFile& file) {
  TRY(frame, channel_.call(make_request(ask, {}), &file, kSetTimeoutMs));
  TRY(fields, parse_answer(frame.bytes));
  if (!fields.empty()) return make_error(ErrorCode::kInvalidInput, "the guard said more than was asked");
  return ok();
}

Result<UplinkAnswer> GuardClient::get_uplink() {
  TRY(fields, call(Ask::kGetUplink, {}));
  return parse_uplink_answer(fields);
}

Result<GateAnswer> GuardClient::report_gate(const GateReport& report) {
  TRY(fields, call(Ask::kReportGate, make_gate_report(report)));
  return parse_gate_answer(fields);
}

Status GuardClient::check_set() {
  TRY_DONE(call(Ask::kCheckSet, {}));
  return ok();
}

Result<policy::PortalVerdict> GuardClient::report_portal(std::string_view host) {
  TRY(fields, call(Ask::kReportPortal, make_portal_report(host)));
  return parse_portal_verdict(fields);
}

Status GuardClient::report_inspect(const InspectReport& report) {
  TRY_DONE(call(Ask::kReportInspect, make_inspect_report(report)));
  return ok();
}

Status GuardClient::report_programs_state(const ProgramsState& state) {
  TRY_DONE(call(Ask::kReportProgramsState, make_programs_state(state)));
  return ok();
}

Result<StatusAnswer> GuardClient::status() {
  TRY(fields, call(Ask::kStatus, {}));
  return parse_status_answer(fields);
}

Result<EventsAnswer> GuardClient::events(const EventsQuestion& question) {
  TRY(fields, call(Ask::kEvents, make_events_question(question)));
  return parse_events_answer(fields);
}

Result<Bytes> GuardClient::enrol_begin(const EnrolBegin& begin) {
  TRY(fields, call(Ask::kEnrolBegin, make_enrol_begin(begin)));
  return parse_enrol_begin_answer(fields);
}

Status GuardClient::snooze() {
  TRY_DONE(call(Ask::kSnooze, {}));
  return ok();
}

Status GuardClient::enrol_finish(const sync::EnrolmentAnswer& answer) {
  TRY_DONE(call(Ask::kEnrolFinish, make_enrol_finish(answer)));
  return ok();
}

Result<WhyAnswer> GuardClient::why(const WhyQuestion& question) {
  TRY(fields, call(Ask::kWhy, make_why_question(question)));
  return parse_why_answer(fields);
}

Result<LostAnswer> GuardClient::lost_notice() {
  TRY(fields, call(Ask::kLostNotice, {}));
  return parse_lost_answer(fields);
}

Status GuardClient::unlock(std::string_view code) {
  TRY_DONE(call(Ask::kUnlock, make_unlock(code)));
  return ok();
}

}  // namespace caretaker::agent
