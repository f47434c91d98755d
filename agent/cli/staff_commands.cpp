// The command lines of the school's people; what each does is in the file of its name.
#include "agent/cli/command_options.h"
#include "agent/cli/commands.h"
#include "agent/cli/changes.h"
#include "agent/cli/device.h"
#include "agent/cli/exception.h"
#include "agent/cli/import.h"
#include "agent/cli/device_order.h"
#include "agent/cli/order_list.h"
#include "agent/cli/policy_push.h"
#include "agent/cli/policy_sign.h"
#include "agent/cli/server_events.h"
#include "agent/cli/token.h"

namespace caretaker::agent {

void add_policy_sign(Command& policy) {
  auto command = policy.command("sign", "Sign a policy or lists with a person's key");
  const auto options = std::make_shared<PolicySignOptions>();
  add_common(command, *options);
  command.option("--key", options->keys, "Key file; given several times, each signs").required();
  auto what = command.one_of("what", "What is signed: one of these");
  what.option("--policy", options->policy, "Policy, as TOML");
  what.option("--lists", options->lists, "lists.json, as `policy build` leaves it");
  what.option("--also", options->also, "What somebody has signed already, for a further signature");
  command.option("--out", options->out, "Where the signed file goes").required();
  command.option("--version", options->version, "Number of this version (default: one more than the last signed here)");
  command.flag("--offline", options->offline, "Do not ask the server for the policy in force, to say what this one opens and closes");
  command.option("--days", options->days, "Days until devices call it stale").between(1, 400);
  set_action(command, options, run_policy_sign);
}

void add_policy_push(Command& policy) {
  auto command = policy.command("push", "Hand what was signed to the server");
  const auto options = for_person<PolicyPushOptions>(command);
  command.option("--policy", options->policy, "Signed policy");
  command.option("--lists", options->lists, "Signed lists");
  command.option("--set", options->set, "The set file of those lists");
  command.option("--root", options->root, "Next root");
  set_action(command, options, run_policy_push);
}

void add_policy_export(Command& policy) {
  auto command = policy.command("export", "Put what was signed into a folder, for devices without a network");
  const auto options = std::make_shared<ExportOptions>();
  options->school = ".";
  command.option("--school", options->school, "Folder of the school").from_environment("CARETAKER_SCHOOL");
  command.option("FOLDER", options->folder, "Folder to make, on a stick").required();
  command.option("--policy", options->policy, "Signed policy");
  command.option("--lists", options->lists, "Signed lists");
  command.option("--set", options->set, "The set file of those lists");
  command.option("--letter", options->letters, "Signed letter, such as an exception; may be given several times");
  set_action(command, options, run_policy_export);
}

void add_token(Command& program) {
  auto token = program.command("token", "Enrolment tokens");
  auto command = token.command("new", "Make a token that enrols one machine within a day");
  const auto options = for_person<TokenNewOptions>(command);
  command.option("--out", options->out, "File for the token; readable by you alone").required();
  set_action(command, options, run_token_new);
}

namespace {

// One machine, by name, and whoever signs.
std::shared_ptr<DeviceOrderOptions> add_order(Command& command) {
  auto options = for_person<DeviceOrderOptions>(command);
  command.option("NAME", options->name, "The device: its name, or the beginning of its id").required();
  return options;
}

void add_confirmed(Command& command, DeviceOrderOptions& options) {
  command.option("--confirm", options.confirm, "The device's name once more, where nobody can be asked");
  command.option("--reason", options.reason, "For the school's own record");
  command.option("--days", options.days, "Days that it may take to be delivered").between(1, 90);
}

void add_stick(Command& command, DeviceOrderOptions& options) {
  command.option("--stick", options.stick, "Put it into this folder too, for `caretaker import` on a machine without a network");
}

void add_notice(Command& command, DeviceOrderOptions& options) {
  command.option("--message", options.message, "Shown to whoever has the device (else what the policy says in [lost])");
  command.option("--telephone", options.telephone, "Shown too");
}

void add_device_orders(Command& device) {
  auto lock = device.command("lock", "Lock a lost machine: nobody can log in until the school unlocks it");
  const auto to_lock = add_order(lock);
  add_notice(lock, *to_lock);
  add_confirmed(lock, *to_lock);
  add_stick(lock, *to_lock);
  set_action(lock, to_lock, run_device_lock);
  auto unlock = device.command("unlock", "End the lock of a machine");
  const auto to_unlock = add_order(unlock);
  add_confirmed(unlock, *to_unlock);
  add_stick(unlock, *to_unlock);
  set_action(unlock, to_unlock, run_device_unlock);
  auto wipe = device.command("wipe", "Destroy everything on a lost machine; two different people sign");
  const auto to_wipe = add_order(wipe);
  add_notice(wipe, *to_wipe);
  add_confirmed(wipe, *to_wipe);
  wipe.option("--grace", to_wipe->grace_minutes, "Minutes switched on before it begins").between(0, 10'080);
  wipe.option("--asset", to_wipe->asset, "The school's number of the machine, for the certificate");
  const auto out = wipe.option("--out", to_wipe->out, "Where the first person's signature goes");
  wipe.option("--also", to_wipe->also, "What the first person has signed: signs it too, and sends it").excludes(out);
  add_stick(wipe, *to_wipe);
  set_action(wipe, to_wipe, run_device_wipe);
  auto cancel = device.command("cancel", "Stop a wipe that has not begun");
  const auto to_cancel = add_order(cancel);
  add_confirmed(cancel, *to_cancel);
  add_stick(cancel, *to_cancel);
  set_action(cancel, to_cancel, run_device_cancel);
  auto orders = device.command("orders", "Show what was ordered, by whom, and what became of it");
  const auto to_show = for_person<OrderListOptions>(orders);
  orders.option("NAME", to_show->name, "Of this device alone: its name, or the beginning of its id");
  orders.flag("--json", to_show->json, "For programs");
  set_action(orders, to_show, run_device_orders);
  auto code = device.command("code", "The code that unlocks a locked machine once, to be read out over the telephone");
  const auto to_tell = add_order(code);
  code.option("CHALLENGE", to_tell->challenge, "The eight digits that its screen shows").required();
  set_action(code, to_tell, run_device_code);
  auto certificate = device.command("certificate", "Fetch the certificate of a wipe");
  const auto to_fetch = add_order(certificate);
  certificate.option("--out", to_fetch->out, "Where the record goes").required();
  set_action(certificate, to_fetch, run_device_certificate);
}

}  // namespace

void add_device(Command& program) {
  auto device = program.command("device", "The school's machines");
  auto command = device.command("list", "Show every machine that has enrolled");
  const auto options = for_person<DeviceListOptions>(command);
  command.flag("--json", options->json, "For programs");
  set_action(command, options, run_device_list);
  add_device_orders(device);
}

void add_changes(Command& program) {
  auto command = program.command("changes", "Show and check everything signed that the school has published");
  const auto options = std::make_shared<ChangesOptions>();
  add_common(command, *options);
  command.option("--key", options->key, "Key file of the person who asks the server");
  command.option("--file", options->file, "Check a log that was saved; nothing is asked of anybody");
  command.option("--save", options->save, "Keep the log in this file");
  command.flag("--verify", options->verify, "Only check");
  set_action(command, options, run_changes);
}

void add_exception(Command& program) {
  auto exception = program.command("exception", "A site that is open for a lesson");
  const auto options = std::make_shared<ExceptionOptions>();
  auto open = exception.command("open", "Open a site for one class until a time, with a teacher's key");
  add_person(open, *options);
  open.option("NAME", options->name, "The name of the site; everything under it is meant too").required();
  open.option("--for", options->group, "The class: a group of the policy or of the accounts").required();
  open.option("--until", options->until, "12:30 today, or 2027-01-08T12:30:00Z").required();
  open.option("--from", options->from, "When it begins (default: now)");
  open.option("--out", options->out, "Write the signed letter to this file instead of handing it to the server");
  set_action(open, options, run_exception_open);
  auto close = exception.command("close", "Close it before its time");
  add_person(close, *options);
  close.option("LETTER", options->letter, "As `exception list` shows it").required();
  close.option("--out", options->out, "Write the signed letter to this file instead of handing it to the server");
  set_action(close, options, run_exception_close);
  auto list = exception.command("list", "Show what was opened, by whom, for whom, and what became of it");
  add_person(list, *options);
  list.flag("--json", options->json, "For programs");
  set_action(list, options, run_exception_list);
}

}  // namespace caretaker::agent
