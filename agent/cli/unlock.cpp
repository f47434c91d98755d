// `caretaker unlock`: a code that the school read out over the telephone ends the lock of a lost device, without a network.
#include <cstdio>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/table.h"
#include "agent/guard_client.h"
#include "platform/terminal.h"

namespace caretaker::agent {
namespace {

struct UnlockOptions {
  std::filesystem::path socket = kDefaultSocket;
  std::string code;
};

void show(const LostAnswer& lost) {
  std::printf("\nThis computer belongs to %s and has been reported lost.\n", printable(lost.school).c_str());
  if (!lost.message.empty()) std::printf("%s\n", printable(lost.message).c_str());
  if (!lost.telephone.empty()) std::printf("Please call %s.\n", printable(lost.telephone).c_str());
  if (lost.challenge.size() != 8) {
    std::printf("No code unlocks it.\n");
    return;
  }
  std::printf("\nThe number to read out:  %s %s\n", printable(lost.challenge.substr(0, 4)).c_str(), printable(lost.challenge.substr(4)).c_str());
}

Status run_unlock(const UnlockOptions& options) {
  TRY(guard, GuardClient::connect(options.socket));
  TRY(lost, guard.lost_notice());
  if (!lost.is_locked) return make_error(ErrorCode::kNotFound, "this device is not locked");
  std::string code = options.code;
  if (code.empty()) {
    show(lost);
    TRY(typed, platform::ask_line("The code that you are told: "));
    code = std::move(typed);
  }
  TRY_DONE(guard.unlock(code));
  std::puts("This device is unlocked.");
  return ok();
}

}  // namespace

void add_unlock(Command& program) {
  auto command = program.command("unlock", "Unlock this lost device with a code that the school reads out over the telephone");
  const auto options = std::make_shared<UnlockOptions>();
  command.option("CODE", options->code, "The eight digits; without them the notice is shown and they are asked for");
  command.option("--socket", options->socket, "The guard's control socket");
  command.does([options] { return run_unlock(*options); });
}

}  // namespace caretaker::agent
