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

void add_events(Command& program) {
  auto command = program.command("events", "Show events: this machine's, or with --server the school's");
  const auto options = std::make_shared<EventsOptions>();
  options->server.school = ".";
  command.flag("--server", options->from_server, "Ask the school's server");
  command.option("--socket", options->socket, "The guard's control socket");
  command.option("--school", options->server.school, "Folder of the school").from_environment("CARETAKER_SCHOOL");
  command.option("--key", options->server.key, "Key file of the person who reads");
  command.option("--passphrase-file", options->server.passphrase_file, "File whose first line is the passphrase (else it is asked for)");
  command.flag("--json", options->server.json, "For programs");
  command.does([options] { return run_events(*options); });
}

}  // namespace caretaker::agent
