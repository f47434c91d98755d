#include "platform/base/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "platform/base/crypto.h"

namespace caretaker {
namespace {

constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2;

template <typename T>
bool has_default(const T& target) {
  if constexpr (requires { target.empty(); }) return !target.empty();
  return true;
}
template <typename T>
bool has_default(const std::optional<T>&) { return false; }

int fail(const std::string& name, const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", name.c_str(), why.c_str());
  return kFailed;
}

int parse_and_run(CLI::App& app, int argc, const char* const* argv, const Status& outcome) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kWrongUsage;  // 0: help or version was asked for
  }
  return outcome ? kDone : fail(app.get_name(), outcome.error().message);
}

}  // namespace

Option& Option::required() {
  option_->required();
  return *this;
}
Option& Option::needs(const Option& other) {
  option_->needs(other.option_);
  return *this;
}
Option& Option::excludes(const Option& other) {
  option_->excludes(other.option_);
  return *this;
}
Option& Option::between(int lowest, int highest) {
  option_->check(CLI::Range(lowest, highest));
  return *this;
}
Option& Option::shown_as(const std::string& type) {
  option_->type_name(type);
  return *this;
}
Option& Option::from_environment(const std::string& variable) {
  option_->envname(variable);
  return *this;
}

Command Command::command(const std::string& name, const std::string& help) {
  app_->require_subcommand(1);
  return {app_->add_subcommand(name, help), outcome_};
}

template <typename T>
Option Command::option(const std::string& name, T& target, const std::string& help) {
  CLI::Option* option = app_->add_option(name, target, help);
  if (has_default(target)) option->capture_default_str();
  return Option(option);
}
template Option Command::option(const std::string&, std::string&, const std::string&);
template Option Command::option(const std::string&, std::vector<std::string>&, const std::string&);
template Option Command::option(const std::string&, std::filesystem::path&, const std::string&);
template Option Command::option(const std::string&, std::vector<std::filesystem::path>&, const std::string&);
template Option Command::option(const std::string&, int&, const std::string&);
template Option Command::option(const std::string&, std::uint32_t&, const std::string&);
template Option Command::option(const std::string&, std::optional<std::uint32_t>&, const std::string&);
template Option Command::option(const std::string&, std::optional<std::int64_t>&, const std::string&);

Option Command::flag(const std::string& name, bool& target, const std::string& help) {
  return Option(app_->add_flag(name, target, help));
}

Command Command::one_of(const std::string& name, const std::string& help) {
  CLI::Option_group* group = app_->add_option_group(name, help);
  group->require_option(1);
  return {group, outcome_};
}

void Command::does(std::function<Status()> action) {
  app_->callback([action = std::move(action), outcome = outcome_] { *outcome = action(); });
}

int run_program(const std::string& name, const std::string& about, int argc, const char* const* argv,
                const std::function<void(Command)>& declare) {
  try {
    if (const Status ready = crypto_ready(); !ready) return fail(name, ready.error().message);
    Status outcome = ok();
    CLI::App app(about, name);
    app.set_version_flag("--version", CARETAKER_VERSION);
    declare({&app, &outcome});
    return parse_and_run(app, argc, argv, outcome);
  } catch (const std::exception& error) {
    return fail(name, error.what());
  }
}

}  // namespace caretaker
