// What the command lines of the school's people have in common.
#pragma once

#include <memory>

#include "platform/base/clock.h"
#include "platform/base/command_line.h"

namespace caretaker::agent {

// --school, --passphrase-file: the same for everybody who signs.
template <typename Options>
void add_common(Command& command, Options& options) {
  options.school = ".";
  command.option("--school", options.school, "Folder of the school").from_environment("CARETAKER_SCHOOL");
  command.option("--passphrase-file", options.passphrase_file, "File whose first line is the passphrase (else it is asked for)");
}

// What PersonOptions (desk.h) holds.
template <typename Options>
void add_person(Command& command, Options& options) {
  add_common(command, options);
  command.option("--key", options.key, "Key file of the person who asks").required();
}

template <typename Options>
std::shared_ptr<Options> for_person(Command& command) {
  auto options = std::make_shared<Options>();
  add_person(command, *options);
  return options;
}

template <typename Options>
void set_action(Command& command, std::shared_ptr<Options> options, Status (*run)(const Options&, const Clock&)) {
  command.does([options, run] { return run(*options, system_clock()); });
}

}  // namespace caretaker::agent
