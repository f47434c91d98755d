// caretaker-net: the DNS filter on the main thread, one thread for the guard, one for the server.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <thread>

#include "agent/net/dns_server.h"
#include "agent/net/guard_link.h"
#include "agent/net/uplink.h"
#include "platform/base/log.h"
#include "platform/stop_signal.h"

namespace {

using namespace caretaker;
using namespace caretaker::agent;

constexpr std::size_t kQueued = 10'000;  // violations, while the guard is away

struct Options {
  std::filesystem::path socket = kDefaultSocket;
  std::filesystem::path work = "/var/lib/caretaker-net";
  std::vector<std::string> listen{"127.0.0.1:53"};
};

Status run(const Options& options) {
  TRY_DONE(crypto_ready());
  TRY_DONE(platform::make_folder(options.work, 0700));
  ViolationQueue queue(kQueued);
  TRY(dns, DnsServer::listen(options.listen, [&queue](Violation violation) { queue.push(std::move(violation)); }));
  Uplink uplink(options.socket, options.work);
  GuardLink link(options.socket, queue,
                 {[&dns](FilterPtr filter) { dns->set_filter(std::move(filter)); }, [&uplink] { uplink.hurry(); }});
  TRY(stop, platform::StopSignal::install([&dns] { dns->stop(); }));
  for (const std::string& address : dns->addresses()) log_info("net", "answering at " + address);

  std::thread link_thread([&link] { link.run(); });
  std::thread uplink_thread([&uplink] { uplink.run(); });
  const Status served = dns->run();
  link.stop();
  uplink.stop();
  link_thread.join();
  uplink_thread.join();
  return served;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Options options;
    CLI::App app{"Caretaker's DNS filter and its talk with the school's server"};
    app.set_version_flag("--version", CARETAKER_VERSION);
    app.add_option("--socket", options.socket, "The guard's control socket")->capture_default_str();
    app.add_option("--listen", options.listen, "ADDRESS:PORT to answer DNS at; may be given again")->capture_default_str();
    app.add_option("--work", options.work, "Folder for downloads, on the file system of the guard's state")
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    const Status done = run(options);
    if (done) return 0;
    std::fprintf(stderr, "caretaker-net: %s\n", done.error().message.c_str());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "caretaker-net: %s\n", e.what());
  }
  return 1;
}
