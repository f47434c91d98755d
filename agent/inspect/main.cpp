// caretaker-inspect: packets on the main thread, one thread for the guard.
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "agent/guard_link.h"
#include "agent/inspect/inspector.h"
#include "platform/base/command_line.h"
#include "platform/base/log.h"
#include "platform/inspection_gate.h"
#include "platform/service_host.h"
#include "platform/stop_signal.h"
#include "platform/users.h"

namespace {

using namespace caretaker;
using namespace caretaker::agent;

constexpr std::size_t kQueued = 10'000;  // violations, while the guard is away

struct Options {
  std::filesystem::path socket = kDefaultSocket;
  int queue = 1727;
  bool rules = false;
  bool remove_rules = false;
};

// The newest filter, on its way from the guard's thread to the packets'.
class Handover {
 public:
  void give(FilterPtr filter) {
    const std::lock_guard lock(mutex_);
    filter_ = std::move(filter);
  }
  [[nodiscard]] FilterPtr take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(filter_, nullptr);
  }

 private:
  std::mutex mutex_;
  FilterPtr filter_;
};

std::vector<std::uint32_t> exempt_uids() {
  std::vector<std::uint32_t> out;
  // What it says is the school's and the resolvers' matter: their answers are checked, and it is the filter itself.
  if (const auto net = platform::find_user(std::string("caretaker-net"))) out.push_back(net->uid);
  return out;
}

// Whether the kernel hands connections over, for the guard to tell.
enum class Sight { kUnknown, kSees, kBlind };

Status use(const FilterPtr& filter, const Options& options, Inspector& inspector, platform::PacketQueue& queue, std::atomic<Sight>& sight) {
  const bool pass = filter->policy.inspection.when_down == policy::Unreadable::kAllow;
  inspector.use(filter);
  TRY_DONE(queue.set_fail_open(pass));
  if (!options.rules) {
    sight = Sight::kSees;
    return ok();
  }
  // A kernel without packet queues: the DNS filter goes on, and names of connections are not read.
  const auto laid = platform::apply_inspection({static_cast<std::uint16_t>(options.queue), exempt_uids(), pass});
  sight = laid ? Sight::kSees : Sight::kBlind;
  if (!laid) log_error("inspect", "no rules, so no names are read: " + laid.error().message);
  return ok();
}

// `changed`: the guard should hear how it is.
struct Serving {
  Handover& handover;
  std::atomic<Sight>& sight;
  std::function<void()> changed;
};

Status serve(const Options& options, Inspector& inspector, platform::PacketQueue& queue, const Serving& with, const platform::StopSignal& stop) {
  platform::ServiceHost host(system_clock());
  TRY_DONE(host.ready());
  const auto decide = [&inspector](const platform::HeldPacket& packet) { return inspector.decide(packet); };
  while (!stop.requested()) {
    TRY_DONE(host.alive());
    TRY_DONE(queue.serve_once(decide, host.bounded_wait_ms(-1)));
    const FilterPtr filter = with.handover.take();
    if (!filter) continue;
    TRY_DONE(use(filter, options, inspector, queue, with.sight));
    with.changed();
  }
  const InspectCounters& counters = inspector.counters();
  log_info("inspect", "stopped; packets " + std::to_string(counters.packets) + ", connections accepted " + std::to_string(counters.accepted) +
                          ", refused " + std::to_string(counters.refused) + ", not readable " + std::to_string(counters.unreadable));
  return ok();
}

Status run(const Options& options) {
  if (options.remove_rules) return platform::remove_inspection();
  ViolationQueue violations(kQueued);
  Inspector inspector([&violations](Violation violation) { violations.push(std::move(violation)); }, system_clock());
  Handover handover;
  std::atomic<Sight> sight = Sight::kUnknown;
  const auto tell = [&sight](GuardClient& guard) { return sight == Sight::kUnknown ? ok() : guard.report_inspect(sight == Sight::kSees); };
  TRY(queue, platform::PacketQueue::open(static_cast<std::uint16_t>(options.queue), false));
  GuardLink link(options.socket, violations,
                 {[&](FilterPtr filter) {
                    handover.give(std::move(filter));
                    queue.wake();
                  },
                  [] {},
                  tell});
  TRY(stop, platform::StopSignal::install([&queue] { queue.wake(); }));
  log_info("inspect", "reading names of connections from queue " + std::to_string(options.queue));
  std::thread link_thread([&link] { link.run(); });
  const Status served = serve(options, inspector, queue, {handover, sight, [&violations] { violations.wake(); }}, stop);
  link.stop();
  link_thread.join();
  return served;
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--socket", options->socket, "The guard's control socket");
  program.option("--queue", options->queue, "Number of the packet queue").between(0, 65'535);
  program.flag("--rules", options->rules, "Lay the packet filter's rules that fill the queue (else somebody else does)");
  program.flag("--remove-rules", options->remove_rules, "Take these rules away, and end");
  program.does([options] { return run(*options); });
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("caretaker-inspect", "Reads whom connections are for, and refuses what the policy blocks", argc, argv, declare);
}
