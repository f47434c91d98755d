// `caretaker status`: how this machine is doing, for anybody who uses it.
#include <cstdio>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/status_text.h"
#include "agent/guard_client.h"

namespace caretaker::agent {
namespace {

struct StatusOptions {
  std::filesystem::path socket = kDefaultSocket;
  bool json = false;
};

Status run_status(const StatusOptions& options) {
  TRY(guard, GuardClient::connect(options.socket));
  TRY(status, guard.status());
  const std::string text = options.json ? status_json(status).dump(2) + "\n" : show_status(status);
  std::fputs(text.c_str(), stdout);
  return ok();
}

}  // namespace

void add_status(Command& program) {
  auto command = program.command("status", "Show how this machine is doing");
  const auto options = std::make_shared<StatusOptions>();
  command.option("--socket", options->socket, "The guard's control socket");
  command.flag("--json", options->json, "For programs");
  command.does([options] { return run_status(*options); });
}

}  // namespace caretaker::agent
