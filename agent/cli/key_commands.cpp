// The command lines of `caretaker key`.
#include "agent/cli/command_options.h"
#include "agent/cli/commands.h"
#include "agent/cli/key.h"

namespace caretaker::agent {
namespace {

constexpr const char* kPassphraseHelp = "File whose first line is the passphrase (else it is asked for)";

void add_new(Command& key) {
  auto command = key.command("new", "Make a person's keys, on that person's own machine");
  const auto options = std::make_shared<KeyNewOptions>();
  command.option("--holder", options->holder, "Whose they are, as the school will show it").required();
  command.option("--out", options->out, "NAME.key; NAME.public, which may be sent to anybody, goes beside it").required();
  command.option("--passphrase-file", options->passphrase_file, kPassphraseHelp);
  command.option("--backup", options->backup, "Also a page to print and lock away");
  set_action(command, options, run_key_new);
}

void add_show(Command& key) {
  auto command = key.command("show", "Say whose key a file is");
  const auto options = std::make_shared<KeyShowOptions>();
  command.option("KEY", options->key, "Key file, or its .public half").required();
  set_action(command, options, run_key_show);
}

void add_backup(Command& key) {
  auto command = key.command("backup", "Write a page to print, from which the keys can be restored");
  const auto options = std::make_shared<KeyBackupOptions>();
  command.option("--key", options->key, "Key file").required();
  command.option("--passphrase-file", options->passphrase_file, kPassphraseHelp);
  command.option("--out", options->out, "The page, as HTML; whoever reads it has the keys").required();
  set_action(command, options, run_key_backup);
}

void add_restore(Command& key) {
  auto command = key.command("restore", "Make the key file again from the printed page");
  const auto options = std::make_shared<KeyRestoreOptions>();
  command.option("--holder", options->holder, "Whose key it is, as the page says").required();
  command.option("--out", options->out, "NAME.key").required();
  command.option("--from", options->from, "Text with the seven lines (else they are asked for, one by one)");
  command.option("--passphrase-file", options->passphrase_file, "File whose first line is the new passphrase (else it is asked for)");
  set_action(command, options, run_key_restore);
}

void add_passphrase(Command& key) {
  auto command = key.command("passphrase", "Put a key file under another passphrase");
  const auto options = std::make_shared<KeyPassphraseOptions>();
  command.option("--key", options->key, "Key file").required();
  command.option("--passphrase-file", options->passphrase_file, kPassphraseHelp);
  command.option("--new-passphrase-file", options->new_passphrase_file, "File whose first line is the new one (else it is asked for)");
  set_action(command, options, run_key_passphrase);
}

}  // namespace

void add_key_commands(Command& program) {
  auto key = program.command("key", "A person's keys: made, shown, printed, restored");
  add_new(key);
  add_show(key);
  add_backup(key);
  add_restore(key);
  add_passphrase(key);
}

}  // namespace caretaker::agent
