// `caretaker snooze`: keeps the machine on for half an hour more, where the policy lets this person.
#include <cstdio>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/guard_client.h"

namespace caretaker::agent {
namespace {

Status run_snooze(const std::filesystem::path& socket) {
  TRY(guard, GuardClient::connect(socket));
  TRY_DONE(guard.snooze());
  std::puts("The machine stays on for half an hour more.");
  return ok();
}

}  // namespace

void add_snooze(Command& program) {
  auto command = program.command("snooze", "Keep this machine on for half an hour more tonight");
  const auto socket = std::make_shared<std::filesystem::path>(kDefaultSocket);
  command.option("--socket", *socket, "The guard's control socket");
  command.does([socket] { return run_snooze(*socket); });
}

}  // namespace caretaker::agent
