// caretaker-inspect: packets on the main thread, one thread for the guard, one that hears of changes to the packet filter.
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "agent/guard_link.h"
#include "agent/inspect/inspector.h"
#include "agent/inspect/rule_keeper.h"
#include "platform/base/command_line.h"
#include "platform/base/log.h"
#include "platform/inspection_gate.h"
#include "platform/packet_queue.h"
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

// Hears of changes to the packet filter, whoever made them, beside the packets' thread.
class ChangeWatch {
 public:
  ChangeWatch(platform::InspectionTable* table, platform::PacketQueue& queue) : table_(table) {
    if (table_ != nullptr) thread_ = std::thread([this, &queue] { run(queue); });
  }
  ~ChangeWatch() {
    if (table_ == nullptr) return;
    table_->end_wait();
    thread_.join();
  }
  ChangeWatch(const ChangeWatch&) = delete;
  ChangeWatch& operator=(const ChangeWatch&) = delete;
  [[nodiscard]] bool take() { return changed_.exchange(false); }

 private:
  void run(const platform::PacketQueue& queue) {
    while (table_->wait_for_change()) {
      changed_ = true;
      queue.wake();
    }
  }
  platform::InspectionTable* table_;
  std::atomic<bool> changed_ = false;
  std::thread thread_;
};

// The parts that work on the packets' thread.
struct Parts {
  Inspector& inspector;
  platform::PacketQueue& queue;
  RuleKeeper& rules;
};

// The queue opens with the first filter: until then what becomes of connections is the matter of the rule that leads there.
Status use(const FilterPtr& filter, const Options& options, Parts& parts) {
  const bool pass = filter->policy.inspection.when_down == policy::Unreadable::kAllow;
  parts.inspector.use(filter);
  TRY_DONE(parts.queue.listen(pass));
  parts.rules.use({static_cast<std::uint16_t>(options.queue), exempt_uids(), pass});
  return ok();
}

// `changed`: the guard should hear how it is.
Status serve(const Options& options, Parts parts, Handover& handover, ChangeWatch& watch, const std::function<void()>& changed,
             const platform::StopSignal& stop) {
  platform::ServiceHost host(system_clock());
  TRY_DONE(host.ready());
  const auto decide = [&parts](const platform::HeldPacket& packet) { return parts.inspector.decide(packet); };
  while (!stop.requested()) {
    TRY_DONE(host.alive());
    TRY_DONE(parts.queue.serve_once(decide, host.bounded_wait_ms(parts.rules.wait_ms())));
    const FilterPtr filter = handover.take();
    const bool is_touched = watch.take();
    if (filter) TRY_DONE(use(filter, options, parts));
    const bool was_blind = parts.rules.is_blind();
    parts.rules.look(is_touched);
    if (filter || is_touched || parts.rules.is_blind() != was_blind) changed();
  }
  const InspectCounters& counters = parts.inspector.counters();
  log_info("inspect", "stopped; packets " + std::to_string(counters.packets) + ", connections accepted " + std::to_string(counters.accepted) +
                          ", refused " + std::to_string(counters.refused) + ", not readable " + std::to_string(counters.unreadable));
  return ok();
}

Status tell_guard(GuardClient& guard, RuleKeeper& rules) {
  const auto report = rules.report();
  if (!report) return ok();
  TRY_DONE(guard.report_inspect(*report));
  rules.told(*report);
  return ok();
}

Status remove_rules() {
  TRY(table, platform::InspectionTable::open());
  return table->remove();
}

Status run(const Options& options) {
  if (options.remove_rules) return remove_rules();
  std::unique_ptr<platform::InspectionTable> table;
  if (options.rules) {
    TRY(opened, platform::InspectionTable::open());
    table = std::move(opened);
  }
  ViolationQueue violations(kQueued);
  Inspector inspector([&violations](Violation violation) { violations.push(std::move(violation)); }, system_clock());
  Handover handover;
  RuleKeeper rules(table.get(), system_clock());
  TRY(queue, platform::PacketQueue::open(static_cast<std::uint16_t>(options.queue)));
  GuardLink link(options.socket, violations,
                 {[&](FilterPtr filter) {
                    handover.give(std::move(filter));
                    queue.wake();
                  },
                  [] {},
                  [&rules](GuardClient& guard) { return tell_guard(guard, rules); }});
  TRY(stop, platform::StopSignal::install([&queue] { queue.wake(); }));
  ChangeWatch watch(table.get(), queue);
  log_info("inspect", "names of connections come from queue " + std::to_string(options.queue) + ", as soon as there is a filter");
  std::thread link_thread([&link] { link.run(); });
  const Status served = serve(options, {inspector, queue, rules}, handover, watch, [&violations] { violations.wake(); }, stop);
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
