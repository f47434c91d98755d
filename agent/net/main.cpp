// caretaker-net: the DNS filter on the main thread, one thread for the guard, one for the server.
#include <memory>
#include <thread>

#include "agent/net/dns_server.h"
#include "agent/net/guard_link.h"
#include "agent/net/uplink.h"
#include "platform/base/command_line.h"
#include "platform/base/log.h"
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
};

Status run(const Options& options) {
  TRY_DONE(platform::make_folder(options.work, 0700));
  ViolationQueue queue(kQueued);
  TRY(dns, DnsServer::listen(options.listen, [&queue](Violation violation) { queue.push(std::move(violation)); }));
  Uplink uplink(options.socket, options.work, [&queue] { queue.wake(); });
  GuardLink link(options.socket, queue,
                 {[&dns](FilterPtr filter) { dns->set_filter(std::move(filter)); }, [&uplink] { uplink.hurry(); }});
  TRY(stop, platform::StopSignal::install([&dns] { dns->stop(); }));
  for (const std::string& address : dns->addresses()) log_info("net", "answering at " + address);

  std::thread link_thread([&link] { link.run(); });
  std::thread uplink_thread([&uplink] { uplink.run(); });
  platform::ServiceHost host(system_clock());
  Status served = host.ready();
  if (served) served = dns->run(host);
  link.stop();
  uplink.stop();
  link_thread.join();
  uplink_thread.join();
  return served;
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--socket", options->socket, "The guard's control socket");
  program.option("--listen", options->listen, "ADDRESS:PORT to answer DNS at; may be given again");
  program.option("--work", options->work, "Folder for downloads, on the file system of the guard's state");
  program.does([options] { return run(*options); });
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("caretaker-net", "Caretaker's DNS filter and its talk with the school's server", argc, argv, declare);
}
