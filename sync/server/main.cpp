// caretaker-server --data DIR init --url URL | adopt ROOT1.json | serve [--listen ADDR:PORT] [--interval SECONDS]
#include <CLI/CLI.hpp>
#include <cstdio>

#include "platform/base/log.h"
#include "platform/stop_signal.h"
#include "sync/server/api.h"

namespace {

using namespace caretaker;
using namespace caretaker::server;
namespace fs = std::filesystem;

constexpr std::uint16_t kDefaultPort = 8443;

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

Status serve(const fs::path& data, const std::string& listen, std::uint32_t interval_s) {
  TRY(at, platform::parse_endpoint(listen, kDefaultPort));
  TRY(opened, open_data(data));
  TRY(school, SchoolState::open(opened.store, std::move(opened.keys)));
  TRY(stop, platform::StopSignal::install([] {}));
  SetFiles sets(data / "sets");
  Backend backend{opened.store, school, sets, system_clock(), interval_s};
  TRY(http, HttpServer::start(at, school.keys().tls, make_routes(backend), {}, system_clock()));
  at.port = http->port();
  log_info("server", "serving " + school.root().root().school_name + " on " + platform::to_text(at));
  stop.wait();
  http.reset();
  log_info("server", "stopped");
  return ok();
}

int report(const Status& status) {
  if (status) return 0;
  std::fprintf(stderr, "caretaker-server: %s\n", status.error().message.c_str());
  return 1;
}

int run(int argc, char** argv) {
  CLI::App app{"The server that a school's devices report to", "caretaker-server"};
  std::string data, url, root, listen = "127.0.0.1:" + std::to_string(kDefaultPort);
  std::uint32_t interval_s = 900;
  int code = 0;
  app.add_option("--data", data, "folder with the server's keys and its database")->required();
  app.require_subcommand(1);
  auto* init = app.add_subcommand("init", "make the server's keys and server-public.json");
  init->add_option("--url", url, "address under which devices will find it, https://host:port")->required();
  init->callback([&] { code = report(make_server_keys(data, url, system_clock())); });
  auto* adopt_command = app.add_subcommand("adopt", "serve the school that this root names");
  adopt_command->add_option("root", root, "the school's root 1")->required();
  adopt_command->callback([&] { code = report(adopt(data, root)); });
  auto* serve_command = app.add_subcommand("serve", "run until a stop is asked for");
  serve_command->add_option("--listen", listen, "address and port")->capture_default_str();
  serve_command->add_option("--interval", interval_s, "seconds between two check-ins of a device")
      ->capture_default_str()->check(CLI::Range(1, 86'400));
  serve_command->callback([&] { code = report(serve(data, listen, interval_s)); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (auto ready = crypto_ready(); !ready) return report(ready);
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "caretaker-server: %s\n", error.what());
    return 1;
  }
}
