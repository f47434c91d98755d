// caretaker-server [--data DIR] init --url URL | adopt ROOT1.json | tls switch [--spare DIR] | move --url URL | serve [--listen ADDR:PORT | --behind-proxy ADDR:PORT]
// [--interval SECONDS]
#include <cstdio>
#include <memory>

#include "platform/base/command_line.h"
#include "platform/base/log.h"
#include "platform/open_files.h"
#include "platform/service_host.h"
#include "platform/stop_signal.h"
#include "sync/server/api.h"

namespace {

using namespace caretaker;
using namespace caretaker::server;
namespace fs = std::filesystem;

constexpr std::uint16_t kDefaultPort = 8443;
constexpr unsigned kOtherFiles = 64;  // beside the connections

struct Opened {
  platform::OpenFile lock;
  ServerKeys keys;
  FleetStore store;
};

Result<Opened> open_data(const fs::path& data) {
  TRY(keys, read_server_keys(data));
  TRY(lock, platform::lock_file(data / "lock"));
  TRY(store, FleetStore::open(data / "fleet.db"));
  return Opened{std::move(lock), std::move(keys), std::move(store)};
}

Status adopt(const fs::path& data, const fs::path& root) {
  TRY(opened, open_data(data));
  TRY(bytes, platform::read_file(root, sync::kMaxEnvelopeBytes));
  TRY_DONE(SchoolState::adopt(opened.store, opened.keys, {std::move(bytes)}));
  TRY(school, SchoolState::open(opened.store, std::move(opened.keys)));
  std::printf("This server is now that of %s (%s).\n", school.root().root().school_name.c_str(), to_hex(school.id()).c_str());
  return ok();
}

// Nothing here reads the TLS key in use: it may be what was lost.
Status switch_to_spare(const fs::path& data, const fs::path& spare) {
  TRY(lock, platform::lock_file(data / "lock"));
  TRY(store, FleetStore::open(data / "fleet.db"));
  TRY(root, newest_root(store));
  TRY_DONE(switch_tls(data, spare.empty() ? data / "spare" : spare, root.root().tls_pins, system_clock()));
  std::printf("The server uses the spare TLS key from its next start on; a new spare is in %s.\n"
              "Keep that apart from the server, and have the school's root name it: hand %s to the school's people,\n"
              "caretaker school server --server-info server-public.json, then sign and publish.\n",
              (data / "spare").c_str(), (data / "server-public.json").c_str());
  return ok();
}

Status move_to(const fs::path& data, const std::string& url) {
  TRY_DONE(change_url(data, url));
  std::printf("%s names the new address. Devices follow once the school's root does:\n"
              "caretaker school server --server-info server-public.json --keep-old, then sign and publish at the old address.\n",
              (data / "server-public.json").c_str());
  return ok();
}

struct Serve {
  std::string listen = "127.0.0.1:" + std::to_string(kDefaultPort);
  std::string behind_proxy;  // instead of `listen`
  std::uint32_t interval_s = 900;
};

Status serve(const fs::path& data, const Serve& how) {
  const bool plain = !how.behind_proxy.empty();
  TRY(at, platform::parse_endpoint(plain ? how.behind_proxy : how.listen, kDefaultPort));
  TRY(opened, open_data(data));
  TRY(school, SchoolState::open(opened.store, std::move(opened.keys)));
  TRY(stop, platform::StopSignal::install([] {}));
  const HttpServerLimits limits;
  TRY_DONE(platform::allow_open_files(limits.connections + kOtherFiles));
  SetFiles sets(data / "sets");
  Backend backend{opened.store, school, sets, system_clock(), how.interval_s};
  TRY(http, HttpServer::start({at, plain ? nullptr : &school.keys().tls}, make_service(backend), limits, system_clock()));
  at.port = http->port();
  log_info("server", "serving " + school.root().root().school_name + " on " + platform::to_text(at) +
                         (plain ? ", plain, for a proxy" : ""));
  TRY_DONE(platform::ServiceHost(system_clock()).ready());
  stop.wait();
  http.reset();
  log_info("server", "stopped");
  return ok();
}

struct Options {
  fs::path data = "/var/lib/caretaker-server", root, spare;
  std::string url;
  Serve serving;
};

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--data", options->data, "folder with the server's keys and its database");
  auto init = program.command("init", "make the server's keys and server-public.json");
  init.option("--url", options->url, "address under which devices will find it, https://host:port").required();
  init.does([options] { return make_server_keys(options->data, options->url, system_clock()); });
  auto adopt_root = program.command("adopt", "serve the school that this root names");
  adopt_root.option("root", options->root, "the school's root 1").required();
  adopt_root.does([options] { return adopt(options->data, options->root); });
  auto tls = program.command("tls", "the server's TLS key");
  auto change = tls.command("switch", "use the spare TLS key from the next start on, and make a new spare");
  change.option("--spare", options->spare, "folder with the spare's tls.key and tls.crt (default: spare in the server's folder)");
  change.does([options] { return switch_to_spare(options->data, options->spare); });
  auto moved = program.command("move", "write another address into server-public.json");
  moved.option("--url", options->url, "where devices will find the server, https://host:port").required();
  moved.does([options] { return move_to(options->data, options->url); });
  auto serving = program.command("serve", "run until a stop is asked for");
  auto listen = serving.option("--listen", options->serving.listen, "address and port, for HTTPS");
  serving.option("--behind-proxy", options->serving.behind_proxy, "address and port on loopback, for a proxy that ends TLS").excludes(listen);
  serving.option("--interval", options->serving.interval_s, "seconds between two check-ins of a device").between(1, 86'400);
  serving.does([options] { return serve(options->data, options->serving); });
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("caretaker-server", "The server that a school's devices report to", argc, argv, declare);
}
