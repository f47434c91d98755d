#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "agent/cli/commands.h"
#include "platform/base/crypto.h"

int main(int argc, char** argv) {
  using namespace caretaker::agent;
  try {
    if (auto ready = caretaker::crypto_ready(); !ready) {
      std::fprintf(stderr, "caretaker: %s\n", ready.error().message.c_str());
      return 1;
    }
    int exit_code = 0;
    CLI::App app{"Caretaker: looks after a school's laptops"};
    app.set_version_flag("--version", CARETAKER_VERSION);
    app.require_subcommand(1);
    auto* policy = app.add_subcommand("policy", "Write, build, sign and send the school's policy and lists");
    policy->require_subcommand(1);
    add_policy_check(*policy, exit_code);
    add_policy_build(*policy, exit_code);
    add_policy_sign(*policy, exit_code);
    add_policy_push(*policy, exit_code);
    add_why(app, exit_code);
    add_school(app, exit_code);
    add_token(app, exit_code);
    add_device(app, exit_code);
    add_events(app, exit_code);
    add_enrol(app, exit_code);
    add_status(app, exit_code);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
      return app.exit(e) == 0 ? 0 : 2;  // 0: help or version was asked for
    }
    return exit_code;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "caretaker: %s\n", e.what());
    return 1;
  }
}
