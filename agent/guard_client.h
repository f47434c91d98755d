// Typed calls to the guard: what caretaker-net, caretaker-gate and the command line say over the control socket. One thread per client.
// Errors of a call: what the guard answered, or kUnavailable when it is gone (connect anew).
#pragma once

#include "agent/control_help.h"
#include "agent/control_gate.h"
#include "agent/control_net.h"
#include "agent/control_programs.h"
#include "agent/control_user.h"
#include "platform/control_channel.h"

namespace caretaker::agent {

inline constexpr const char* kDefaultSocket = "/run/caretaker/guard.sock";

class GuardClient {
 public:
  [[nodiscard]] static Result<GuardClient> connect(const std::filesystem::path& socket);

  struct FilterFile {
    FilterAnswer answer;
    platform::OpenFile set;  // open when the state is kReady
  };
  [[nodiscard]] Result<FilterFile> get_filter();
  [[nodiscard]] Result<WaitedFilter> wait_filter(const Revision& revision);
  [[nodiscard]] Result<bool> report_web(const WebReport& report);  // true: the school should hear soon
  [[nodiscard]] Result<HelpOutcome> report_help(const HelpReport& report);
  [[nodiscard]] Status report_programs(const ProgramReport& report);
  [[nodiscard]] Result<Bytes> next_batch();
  [[nodiscard]] Result<Bytes> next_hold(std::string_view mark);
  [[nodiscard]] Result<TakenAnswer> take_answer(const sync::CheckinAnswer& answer);
  [[nodiscard]] Status offer_set(const platform::OpenFile& file);
  [[nodiscard]] Result<UplinkAnswer> get_uplink();
  [[nodiscard]] Status check_set();
  [[nodiscard]] Result<policy::PortalVerdict> report_portal(std::string_view host);
  [[nodiscard]] Status report_inspect(const InspectReport& report);
  [[nodiscard]] Status report_programs_state(const ProgramsState& state);

  [[nodiscard]] Result<GateAnswer> report_gate(const GateReport& report);

  [[nodiscard]] Result<StatusAnswer> status();
  [[nodiscard]] Result<EventsAnswer> events(const EventsQuestion& question);
  [[nodiscard]] Result<Bytes> enrol_begin(const EnrolBegin& begin);
  [[nodiscard]] Status enrol_finish(const sync::EnrolmentAnswer& answer);
  [[nodiscard]] Result<WhyAnswer> why(const WhyQuestion& question);
  [[nodiscard]] Status snooze();
  [[nodiscard]] Result<std::vector<std::string>> import(const sync::CheckinAnswer& found);
  [[nodiscard]] Status import_set(const platform::OpenFile& file);
  [[nodiscard]] Result<LostAnswer> lost_notice();
  [[nodiscard]] Status unlock(std::string_view code);

 private:
  explicit GuardClient(platform::ControlClient channel) : channel_(std::move(channel)) {}
  // The fields of the guard's good answer.
  [[nodiscard]] Result<Bytes> call(Ask ask, ByteView fields);
  [[nodiscard]] Status pass_set(Ask ask, const platform::OpenFile& file);

  platform::ControlClient channel_;
};

}  // namespace caretaker::agent
