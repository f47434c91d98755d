#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/local_events.h"
#include "agent/cli/server_events.h"
#include "agent/guard_client.h"

namespace caretaker::agent {
namespace {

struct EventsOptions {
  ServerEventsOptions server;
  std::filesystem::path socket = kDefaultSocket;
  bool from_server = false;
};

Status run_events(const EventsOptions& options) {
  if (options.from_server && options.server.key.empty()) return make_error(ErrorCode::kInvalidInput, "--server needs --key FILE");
  if (options.from_server) return run_server_events(options.server, system_clock());
  return run_local_events({options.socket, options.server.key, options.server.passphrase_file, options.server.json});
}

}  // namespace

void add_events(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("events", "Show events: this machine's, or with --server the school's");
  const auto options = std::make_shared<EventsOptions>();
  options->server.school = ".";
  command->add_flag("--server", options->from_server, "Ask the school's server");
  command->add_option("--socket", options->socket, "The guard's control socket")->capture_default_str();
  command->add_option("--school", options->server.school, "Folder of the school")->envname("CARETAKER_SCHOOL")->capture_default_str();
  command->add_option("--key", options->server.key, "Key file of the person who reads");
  command->add_option("--passphrase-file", options->server.passphrase_file, "File whose first line is the passphrase (else it is asked for)");
  command->add_flag("--json", options->server.json, "For programs");
  command->callback([options, &exit_code] {
    const Status status = run_events(*options);
    if (status) return;
    std::fprintf(stderr, "caretaker: %s\n", status.error().message.c_str());
    exit_code = 1;
  });
}

}  // namespace caretaker::agent
