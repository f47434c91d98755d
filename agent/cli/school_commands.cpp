// The command lines about who may do what in a school; what each does is in school_new and school_change.
#include "agent/cli/command_options.h"
#include "agent/cli/commands.h"
#include "agent/cli/school_change.h"
#include "agent/cli/school_new.h"

namespace caretaker::agent {
namespace {

template <typename Options>
void add_draft(Command& command, Options& options) {
  options.school = ".";
  command.option("--school", options.school, "Folder of the school").from_environment("CARETAKER_SCHOOL");
  command.option("--draft", options.draft, "The next root while people work on it (default: next-root.json in the school's folder)");
}

template <typename Options>
void add_signer(Command& command, Options& options) {
  command.option("--key", options.key, "Key file of the person who acts").required();
  command.option("--passphrase-file", options.passphrase_file, "File whose first line is the passphrase (else it is asked for)");
}

void add_new(Command& school) {
  auto command = school.command("new", "Make a school: keys for its people, and the root that says what they may do. Asks for what it is not told");
  const auto options = std::make_shared<SchoolNewOptions>();
  command.option("--dir", options->folder, "Folder to make");
  command.option("--name", options->name, "The school's name");
  command.option("--server-info", options->server_info, "server-public.json of the school's server");
  command.option("--root-holder", options->root_holders, "Holders of the root keys, three or more; two act together");
  command.option("--technician", options->technicians, "Who signs policies and tokens");
  command.option("--safeguarding", options->safeguarding, "Who opens the sealed records; two, or an escrow key is made");
  command.option("--head", options->heads, "Who, beside root holders and technicians, locks a lost machine, and with another person wipes it");
  command.option("--teacher", options->teachers, "Who opens a site for a lesson");
  command.option("--backups", options->backups, "Folder for a page of each key, to print and lock away");
  command.option("--lists-holder", options->lists_holder, "Whose key signs the day's lists");
  command.option("--passphrase-file", options->passphrase_file, "File whose first line protects every key (else each holder types one)");
  set_action(command, options, run_school_new);
}

void add_show(Command& school) {
  auto command = school.command("show", "Show who may do what, or what a draft would change");
  const auto options = std::make_shared<SchoolShowOptions>();
  options->school = ".";
  command.option("--school", options->school, "Folder of the school").from_environment("CARETAKER_SCHOOL");
  command.option("--draft", options->draft, "A draft of the next root");
  set_action(command, options, run_school_show);
}

void add_people(Command& school) {
  auto add = school.command("add", "Draft: give a person a place in the school");
  const auto added = std::make_shared<SchoolAddOptions>();
  add_draft(add, *added);
  add.option("--person", added->person, "The person's .public file, or key file").required();
  add.option("--as", added->office, "root-holder, technician, safeguarding, head, teacher, lists or escrow").required();
  set_action(add, added, run_school_add);
  auto remove = school.command("remove", "Draft: a person's keys count no more");
  const auto removed = std::make_shared<SchoolRemoveOptions>();
  add_draft(remove, *removed);
  remove.option("--holder", removed->holder, "The name, as `school show` has it").required();
  set_action(remove, removed, run_school_remove);
  auto replace = school.command("replace", "Draft: a new key instead of one that was lost, stolen or forgotten");
  const auto replaced = std::make_shared<SchoolReplaceOptions>();
  add_draft(replace, *replaced);
  replace.option("--holder", replaced->holder, "Whose key it was").required();
  replace.option("--person", replaced->person, "The .public file of the new key, of the same person or a successor").required();
  set_action(replace, replaced, run_school_replace);
}

void add_rules(Command& school) {
  auto threshold = school.command("threshold", "Draft: how many people something needs");
  const auto count = std::make_shared<SchoolThresholdOptions>();
  add_draft(threshold, *count);
  threshold.option("--role", count->role, "root, policy, lists, lock, wipe, exception or safeguarding").required();
  threshold.option("--people", count->people, "How many different people").between(1, 16).required();
  set_action(threshold, count, run_school_threshold);
  auto server = school.command("server", "Draft: the server has another address, or other TLS keys");
  const auto moved = std::make_shared<SchoolServerOptions>();
  add_draft(server, *moved);
  server.option("--server-info", moved->server_info, "server-public.json of the server as it is now").required();
  server.flag("--keep-old", moved->keep_old, "Devices also look at the old address and accept the old TLS keys, for a time");
  set_action(server, moved, run_school_server);
  auto renew = school.command("renew", "Draft: the same for two years more");
  const auto renewed = std::make_shared<SchoolRenewOptions>();
  add_draft(renew, *renewed);
  renew.option("--name", renewed->name, "The school's new name");
  set_action(renew, renewed, run_school_renew);
  auto reset = school.command("reset", "Draft: what was signed with a stolen key counts no more; policies or lists are signed anew");
  const auto what = std::make_shared<SchoolResetOptions>();
  add_draft(reset, *what);
  reset.option("--what", what->what, "policy or lists").required();
  set_action(reset, what, run_school_reset);
}

void add_signing(Command& school) {
  auto sign = school.command("sign", "Read a draft and sign it with a root key");
  const auto signing = std::make_shared<SchoolSignOptions>();
  add_draft(sign, *signing);
  add_signer(sign, *signing);
  sign.flag("--yes", signing->yes, "Sign without being asked");
  set_action(sign, signing, run_school_sign);
  auto publish = school.command("publish", "Hand a draft that enough holders have signed to the server");
  const auto publishing = std::make_shared<SchoolPublishOptions>();
  add_draft(publish, *publishing);
  add_signer(publish, *publishing);
  set_action(publish, publishing, run_school_publish);
  auto update = school.command("update", "Bring what others have published into this folder");
  const auto updating = for_person<SchoolUpdateOptions>(update);
  set_action(update, updating, run_school_update);
}

}  // namespace

void add_school(Command& program) {
  auto school = program.command("school", "A school: its people, their keys, and what each may do");
  add_new(school);
  add_show(school);
  add_people(school);
  add_rules(school);
  add_signing(school);
}

}  // namespace caretaker::agent
