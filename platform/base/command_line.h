// Command lines: what a program can be told, and how it ends. Behind it stands CLI11, whose headers cost 20 s a file.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace caretaker {

// One option or positional argument; lives as long as the program's command line.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option& required();
  Option& needs(const Option& other);
  Option& excludes(const Option& other);
  Option& between(int lowest, int highest);
  Option& shown_as(const std::string& type);             // in help, instead of TEXT
  Option& from_environment(const std::string& variable);  // where the option is not given

 private:
  CLI::Option* option_;
};

// A program, one of its commands, or a group of options. What it is given to fill must live until the command has run.
class Command {
 public:
  Command(CLI::App* app, Status* outcome) : app_(app), outcome_(outcome) {}

  // A command below this one; whoever has some must be given exactly one of them.
  [[nodiscard]] Command command(const std::string& name, const std::string& help);

  // "--name" or, for an argument by its place, "NAME". What `target` holds already is the default and shown as such. T:
  // std::string, std::filesystem::path or a vector of either (may be given several times), int, std::uint32_t, or an
  // optional std::uint32_t or std::int64_t.
  template <typename T>
  Option option(const std::string& name, T& target, const std::string& help);
  Option flag(const std::string& name, bool& target, const std::string& help);

  // A group of options of which exactly one must be given.
  [[nodiscard]] Command one_of(const std::string& name, const std::string& help);

  // What is done when this command was given.
  void does(std::function<Status()> action);

 private:
  CLI::App* app_;
  Status* outcome_;
};

// The whole of a main: `declare` says what there is, then the arguments are read and the command that was given is run, with
// libsodium ready. Returns the exit code: 0 done (--help and --version too), 1 refused or failed (one line on standard
// error, `NAME: why`), 2 wrong usage. Also turns what libraries throw at last into 1.
[[nodiscard]] int run_program(const std::string& name, const std::string& about, int argc, const char* const* argv,
                              const std::function<void(Command)>& declare);

}  // namespace caretaker
