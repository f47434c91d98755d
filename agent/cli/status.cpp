// `caretaker status`: how this machine is doing, for anybody who uses it.
#include <CLI/CLI.hpp>
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

void add_status(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("status", "Show how this machine is doing");
  const auto options = std::make_shared<StatusOptions>();
  command->add_option("--socket", options->socket, "The guard's control socket")->capture_default_str();
  command->add_flag("--json", options->json, "For programs");
  command->callback([options, &exit_code] {
    const Status status = run_status(*options);
    if (status) return;
    std::fprintf(stderr, "caretaker: %s\n", status.error().message.c_str());
    exit_code = 1;
  });
}

}  // namespace caretaker::agent
