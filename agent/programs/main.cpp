// caretaker-programs: programs that start on the main thread, one thread for who people are, one for the guard.
#include <memory>
#include <thread>

#include "agent/programs/program_judge.h"
#include "agent/programs/program_link.h"
#include "platform/base/command_line.h"
#include "platform/base/log.h"
#include "platform/service_host.h"
#include "platform/stop_signal.h"

namespace {

using namespace caretaker;
using namespace caretaker::agent;

constexpr MonotonicMs kPatienceMs = 2000;  // for a directory service to say who somebody is
constexpr MonotonicMs kHangMs = 5000;      // a machine on which nothing starts is of no use

struct Options {
  std::filesystem::path socket = kDefaultSocket;
  std::vector<std::filesystem::path> only;
};

Status serve(platform::ProgramGate& gate, ProgramJudge& judge, ProgramLink& link, const platform::StopSignal& stop) {
  platform::ServiceHost host(system_clock());
  platform::HangGuard hang(kHangMs);
  TRY_DONE(host.ready());
  const auto decide = [&judge](const platform::ProgramStart& start) { return judge.decide(start); };
  Status told = ok();
  const auto beat = [&] {
    hang.touch();
    if (told) told = host.alive();
  };
  while (!stop.requested()) {
    hang.rest();
    TRY_DONE(gate.serve_once(decide, host.bounded_wait_ms(-1), beat));
    TRY_DONE(told);
    if (const std::uint32_t overdue = gate.take_overdue(); overdue > 0) link.count_let_through(overdue);
  }
  return ok();
}

Status run(const Options& options) {
  TRY(gate, platform::ProgramGate::open(kPatienceMs, options.only));
  std::unique_ptr<ProgramJudge> judge;
  ProgramLink link(options.socket, [&judge](policy::Policy policy) { judge->use(std::move(policy)); });
  judge = std::make_unique<ProgramJudge>(
      ProgramJudge::Hooks{[&gate](std::uint64_t ticket, bool may_run) { gate.answer(ticket, may_run); },
                          [&link](ProgramAttempt attempt) { link.push(std::move(attempt)); },
                          [](std::uint32_t uid) { return platform::find_user(uid); }},
      system_clock());
  TRY(stop, platform::StopSignal::install([&gate] { gate.wake(); }));
  log_info("programs", "watching programs as they start");
  std::thread link_thread([&link] { link.run(); });
  const Status served = serve(gate, *judge, link, stop);
  gate.close();  // nobody's programs wait for the guard to hear the rest
  link.stop(served.has_value());
  link_thread.join();
  return served;
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--socket", options->socket, "The guard's control socket");
  program.option("--only", options->only, "Watch the file system of this place, and no others; may be given again");
  program.does([options] { return run(*options); });
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("caretaker-programs", "Lets people run the system's programs and, where the policy says so, no others", argc, argv, declare);
}
