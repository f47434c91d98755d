// The command lines of the school's people; what each does is in the file of its name.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/device.h"
#include "agent/cli/policy_push.h"
#include "agent/cli/policy_sign.h"
#include "agent/cli/school_new.h"
#include "agent/cli/server_events.h"
#include "agent/cli/token.h"

namespace caretaker::agent {
namespace {

int finish(const Status& status) {
  if (status) return 0;
  std::fprintf(stderr, "caretaker: %s\n", status.error().message.c_str());
  return 1;
}

// --school, --passphrase-file: the same for everybody who signs.
template <typename Options>
void add_common(CLI::App& command, Options& options) {
  options.school = ".";
  command.add_option("--school", options.school, "Folder of the school")->envname("CARETAKER_SCHOOL")->capture_default_str();
  command.add_option("--passphrase-file", options.passphrase_file, "File whose first line is the passphrase (else it is asked for)");
}

template <typename Options>
void add_key(CLI::App& command, Options& options) {
  command.add_option("--key", options.key, "Key file of the person who asks")->required();
}

// Runs `run(options, clock)` when the command was given.
template <typename Options>
void on_command(CLI::App& command, std::shared_ptr<Options> options, Status (*run)(const Options&, const Clock&), int& exit_code) {
  command.callback([options, run, &exit_code] { exit_code = finish(run(*options, system_clock())); });
}

}  // namespace

void add_school(CLI::App& app, int& exit_code) {
  CLI::App* school = app.add_subcommand("school", "A school: its keys and its root");
  school->require_subcommand(1);
  CLI::App* command = school->add_subcommand("new", "Make a school: keys for its people, and the root that says what they may do");
  const auto options = std::make_shared<SchoolNewOptions>();
  command->add_option("--dir", options->folder, "Folder to make")->required();
  command->add_option("--name", options->name, "The school's name")->required();
  command->add_option("--server-info", options->server_info, "server-public.json of the school's server")->required();
  command->add_option("--root-holder", options->root_holders, "Holders of the root keys, three or more; two act together")->capture_default_str();
  command->add_option("--technician", options->technicians, "Who signs policies and tokens")->capture_default_str();
  command->add_option("--safeguarding", options->safeguarding, "Who opens the sealed records; two, or an escrow key is made")->capture_default_str();
  command->add_option("--lists-holder", options->lists_holder, "Whose key signs the day's lists")->capture_default_str();
  command->add_option("--passphrase-file", options->passphrase_file, "File whose first line protects every key (else each holder types one)");
  on_command(*command, options, run_school_new, exit_code);
}

void add_policy_sign(CLI::App& policy, int& exit_code) {
  CLI::App* command = policy.add_subcommand("sign", "Sign a policy or lists with a person's key");
  const auto options = std::make_shared<PolicySignOptions>();
  add_common(*command, *options);
  command->add_option("--key", options->keys, "Key file; given several times, each signs")->required();
  CLI::Option_group* what = command->add_option_group("what", "What is signed: one of these");
  what->add_option("--policy", options->policy, "Policy, as TOML");
  what->add_option("--lists", options->lists, "lists.json, as `policy build` leaves it");
  what->add_option("--also", options->also, "What somebody has signed already, for a further signature");
  what->require_option(1);
  command->add_option("--out", options->out, "Where the signed file goes")->required();
  command->add_option("--version", options->version, "Number of this version (default: one more than the last signed here)");
  command->add_option("--days", options->days, "Days until devices call it stale")->capture_default_str()->check(CLI::Range(1, 400));
  on_command(*command, options, run_policy_sign, exit_code);
}

void add_policy_push(CLI::App& policy, int& exit_code) {
  CLI::App* command = policy.add_subcommand("push", "Hand what was signed to the server");
  const auto options = std::make_shared<PolicyPushOptions>();
  add_common(*command, *options);
  add_key(*command, *options);
  command->add_option("--policy", options->policy, "Signed policy");
  command->add_option("--lists", options->lists, "Signed lists");
  command->add_option("--set", options->set, "The set file of those lists");
  command->add_option("--root", options->root, "Next root");
  on_command(*command, options, run_policy_push, exit_code);
}

void add_token(CLI::App& app, int& exit_code) {
  CLI::App* token = app.add_subcommand("token", "Enrolment tokens");
  token->require_subcommand(1);
  CLI::App* command = token->add_subcommand("new", "Make a token that enrols one machine within a day");
  const auto options = std::make_shared<TokenNewOptions>();
  add_common(*command, *options);
  add_key(*command, *options);
  command->add_option("--out", options->out, "File for the token; readable by you alone")->required();
  on_command(*command, options, run_token_new, exit_code);
}

void add_device(CLI::App& app, int& exit_code) {
  CLI::App* device = app.add_subcommand("device", "The school's machines");
  device->require_subcommand(1);
  CLI::App* command = device->add_subcommand("list", "Show every machine that has enrolled");
  const auto options = std::make_shared<DeviceListOptions>();
  add_common(*command, *options);
  add_key(*command, *options);
  command->add_flag("--json", options->json, "For programs");
  on_command(*command, options, run_device_list, exit_code);
}

}  // namespace caretaker::agent
