// caretaker-gate: the packet filter's keeper. One loop; what it has put into the kernel stays when it ends.
#include <algorithm>
#include <memory>

#include "agent/gate/filter_probe.h"
#include "agent/gate/gate_keeper.h"
#include "platform/base/command_line.h"
#include "platform/base/log.h"
#include "platform/resolver_settings.h"
#include "platform/service_host.h"
#include "platform/stop_signal.h"
#include "platform/users.h"

namespace {

using namespace caretaker;
using namespace caretaker::agent;

constexpr int kProbeMs = 1000;
constexpr std::uint16_t kDnsPort = 53;

struct Options {
  std::filesystem::path socket = kDefaultSocket;
  std::filesystem::path state = "/var/lib/caretaker/gate";
  std::string filter = std::string(kGateFilterV4) + ":" + std::to_string(kGateFilterPortV4);
  std::optional<std::uint32_t> net_uid;
  bool remove = false;
  bool take_resolver = false;
  bool restore_resolver = false;
  std::filesystem::path kept = "/var/lib/caretaker/resolver";
};

// A resolver of the machine's own (unbound, dnsmasq) that nobody but the machine's settings leads to: where it is all that the filter
// can ask, its questions must not come back to the filter. systemd-resolved is none: what it asks is known, and asked by us.
void add_local_resolvers(platform::SocketOwners& owners, std::set<std::uint32_t>& exempt) {
  for (const std::string& text : platform::system_resolvers()) {
    const auto at = platform::parse_endpoint(text, kDnsPort);
    const bool is_here = text.starts_with("127.") || text == "::1";
    if (!at || !is_here || text == "127.0.0.53" || text == "127.0.0.54" || text == kGateFilterV4) continue;
    const auto owner = owners.owner(platform::Protocol::kUdp, *at, *platform::parse_endpoint(at->is_v6 ? "::1" : "127.0.0.1", 9));
    const auto user = owner ? platform::find_user(*owner) : make_error(ErrorCode::kNotFound, "nobody listens there");
    if (user && !user->is_person && user->uid != 0) exempt.insert(user->uid);
  }
}

Result<std::uint32_t> net_user(const Options& options) {
  if (options.net_uid) return *options.net_uid;
  const auto user = platform::find_user(std::string("caretaker-net"));
  if (!user) return user.error().with_context("no user caretaker-net (or say --net-uid)");
  return user->uid;
}

// Accounts of this machine, and whoever of a directory's is logged in.
std::vector<policy::GatePerson> people() {
  std::vector<policy::GatePerson> out;
  for (platform::User& user : platform::local_people()) out.push_back({user.uid, std::move(user.name), std::move(user.groups)});
  for (const std::uint32_t uid : platform::active_users()) {
    if (std::ranges::find(out, uid, &policy::GatePerson::uid) != out.end()) continue;
    auto user = platform::find_user(uid);
    if (user && user->is_person) out.push_back({uid, std::move(user->name), std::move(user->groups)});
  }
  return out;
}

// The guard may have started anew since the last report.
class GuardLine {
 public:
  explicit GuardLine(std::filesystem::path socket) : socket_(std::move(socket)) {}

  Result<GateAnswer> tell(const GateReport& report) {
    if (guard_) {
      if (auto answer = guard_->report_gate(report); answer) return answer;
      guard_.reset();
    }
    TRY(guard, GuardClient::connect(socket_));
    guard_.emplace(std::move(guard));
    auto answer = guard_->report_gate(report);
    if (!answer) guard_.reset();
    return answer;
  }

 private:
  std::filesystem::path socket_;
  std::optional<GuardClient> guard_;
};

Status keep(GateKeeper& keeper, platform::Gate& gate) {
  TRY(stop, platform::StopSignal::install([&gate] { gate.end_wait(); }));
  platform::ServiceHost host(system_clock());
  TRY_DONE(keeper.start());
  TRY_DONE(host.ready());
  bool changed = false;
  while (!stop.requested()) {
    TRY_DONE(host.alive());
    keeper.tick(changed);
    const auto left = std::clamp<MonotonicMs>(keeper.next() - system_clock().monotonic_ms(), 0, kGuardLookMs);
    changed = gate.wait_for_change(host.bounded_wait_ms(static_cast<int>(left)));
  }
  return ok();
}

Status run(const Options& options) {
  if (options.take_resolver) return platform::take_resolver_settings("/", options.kept);
  if (options.restore_resolver) return platform::restore_resolver_settings("/", options.kept);
  TRY(gate, platform::Gate::open());
  if (options.remove) return gate->remove();
  TRY_DONE(platform::make_folder(options.state, 0700));
  TRY(net_uid, net_user(options));
  TRY(filter, platform::parse_endpoint(options.filter, kGateFilterPortV4));
  TRY(owners, platform::SocketOwners::open());
  GuardLine guard(options.socket);
  FilterProbe probe(filter, system_clock());
  GateKeeper keeper(*gate, options.state,
                    {people, [&probe] { return probe.works(kProbeMs); },
                     [&guard](const GateReport& report) { return guard.tell(report); },
                     [net_uid = net_uid, &owners = owners] {
                       std::set<std::uint32_t> exempt{net_uid};
                       add_local_resolvers(owners, exempt);
                       return exempt;
                     }},
                    system_clock());
  return keep(keeper, *gate);
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--socket", options->socket, "The guard's control socket");
  program.option("--state", options->state, "Folder that keeps the policy of the last time");
  program.option("--filter", options->filter, "ADDRESS:PORT where the filter answers");
  program.option("--net-uid", options->net_uid, "The user that caretaker-net runs as (default: caretaker-net's)");
  program.flag("--remove", options->remove, "Take the rules out of the packet filter, and end");
  program.flag("--take-resolver", options->take_resolver, "Have every question for a name asked by DNS (root), and end");
  program.flag("--restore-resolver", options->restore_resolver, "The settings that --take-resolver found, and end");
  program.option("--kept", options->kept, "Folder for these settings");
  program.does([options] { return run(*options); });
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("caretaker-gate", "Keeps a device's packet filter as the school's policy wants it", argc, argv, declare);
}
