// caretaker-net: the DNS filter on the main thread, one thread for the guard, one for the server, one that looks for login pages.
#include <memory>
#include <thread>

#include "agent/guard_link.h"
#include "agent/net/dns_server.h"
#include "agent/net/page_server.h"
#include "agent/net/portal_watch.h"
#include "agent/net/uplink.h"
#include "platform/base/command_line.h"
#include "platform/base/log.h"
#include "platform/memory.h"
#include "platform/powers.h"
#include "platform/service_host.h"
#include "platform/stop_signal.h"

namespace {

using namespace caretaker;
using namespace caretaker::agent;

constexpr std::size_t kQueued = 10'000;  // violations, while the guard is away

struct Options {
  std::filesystem::path socket = kDefaultSocket;
  std::filesystem::path work = "/var/lib/caretaker/net";
  std::vector<std::string> listen{"127.0.0.1:53"};
  std::string page;
};

// A few tries: the guard is back within a second when it was restarted, and somebody waits for an answer.
Result<HelpOutcome> hand_on(const std::filesystem::path& socket, const HelpReport& report) {
  constexpr int kTries = 10;
  constexpr std::chrono::milliseconds kPause{300};
  for (int i = 1;; ++i) {
    auto guard = GuardClient::connect(socket);
    auto outcome = guard ? guard->report_help(report) : Result<HelpOutcome>(guard.error());
    if (outcome || outcome.error().code != ErrorCode::kUnavailable || i == kTries) return outcome;
    std::this_thread::sleep_for(kPause);
  }
}

Result<HelpOutcome> report_help(const std::filesystem::path& socket, const HelpReport& report, Uplink& uplink) {
  auto outcome = hand_on(socket, report);
  if (!outcome) log_error("page", "what somebody wrote could not be stored: " + outcome.error().message);
  if (outcome && *outcome == HelpOutcome::kStored && report.kind == HelpKind::kWorried) uplink.hurry();
  return outcome;
}

// Without the page the filter goes on: a port that somebody else has must not cost the machine its names.
std::unique_ptr<PageServer> start_page(const Options& options, HelpPage& page, DnsServer& dns) {
  if (options.page.empty()) return nullptr;
  auto server = PageServer::start(options.page, page, system_clock());
  if (!server) {
    log_warning("page", "the device's own page is not there: " + server.error().message);
    return nullptr;
  }
  dns.serve_page((*server)->at());
  log_info("page", "the device's own page is at " + (*server)->url());
  return std::move(*server);
}

Status run(const Options& options) {
  platform::hold_no_spare_memory();
  TRY_DONE(platform::make_folder(options.work, 0700));
  ViolationQueue queue(kQueued);
  TRY(dns, DnsServer::listen(options.listen, [&queue](Violation violation) { queue.push(std::move(violation)); }));
  TRY_DONE(platform::give_up_powers(platform::KeepPowers::kLowPorts));  // before other threads; the page's port is still to be opened
  Uplink uplink(options.socket, options.work, [&queue] { queue.wake(); });
  PortalWatch portal(options.socket, {[&uplink] { uplink.hurry(); }, [&queue] { queue.wake(); }, [&uplink] { uplink.on_login(); }});
  uplink.on_unreachable([&portal] { portal.on_unreachable(); });
  dns->on_portal_question([&portal] { portal.on_question(); });
  HelpPage page([&](const HelpReport& report) { return report_help(options.socket, report, uplink); }, system_clock());
  const auto on_filter = [&](FilterPtr filter) {
    page.set_filter(filter);
    dns->set_filter(std::move(filter));
  };
  GuardLink link(options.socket, queue, {on_filter, [&uplink] { uplink.hurry(); }});
  const auto page_server = start_page(options, page, *dns);
  TRY_DONE(platform::give_up_powers());
  TRY(stop, platform::StopSignal::install([&dns] { dns->stop(); }));
  for (const std::string& address : dns->addresses()) log_info("net", "answering at " + address);

  std::thread link_thread([&link] { link.run(); });
  std::thread uplink_thread([&uplink] { uplink.run(); });
  std::thread portal_thread([&portal] { portal.run(); });
  platform::ServiceHost host(system_clock());
  Status served = host.ready();
  if (served) served = dns->run(host);
  link.stop();
  uplink.stop();
  portal.stop();
  link_thread.join();
  uplink_thread.join();
  portal_thread.join();
  return served;
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--socket", options->socket, "The guard's control socket");
  program.option("--listen", options->listen, "ADDRESS:PORT to answer DNS at; may be given again");
  program.option("--page", options->page, "ADDRESS:PORT of the device's own page (http://caretaker.internal/); without it there is none");
  program.option("--work", options->work, "Folder for downloads, on the file system of the guard's state");
  program.does([options] { return run(*options); });
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("caretaker-net", "Caretaker's DNS filter and its talk with the school's server", argc, argv, declare);
}
