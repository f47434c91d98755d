// The commands of `caretaker`, one file each. Each adds itself to the command line and sets `exit_code` when it ran:
// 0 done, 1 refused or failed (one clear line on standard error), 2 wrong usage.
#pragma once

namespace CLI {
class App;
}

namespace caretaker::agent {

void add_policy_check(CLI::App& policy, int& exit_code);   // caretaker policy check FILE
void add_policy_build(CLI::App& policy, int& exit_code);   // caretaker policy build: lists -> set file and manifest
void add_policy_sign(CLI::App& policy, int& exit_code);    // caretaker policy sign
void add_policy_push(CLI::App& policy, int& exit_code);    // caretaker policy push
void add_why(CLI::App& app, int& exit_code);               // caretaker why NAME
void add_school(CLI::App& app, int& exit_code);            // caretaker school new
void add_token(CLI::App& app, int& exit_code);             // caretaker token new
void add_device(CLI::App& app, int& exit_code);            // caretaker device list
void add_events(CLI::App& app, int& exit_code);            // caretaker events [--server --key FILE]
void add_enrol(CLI::App& app, int& exit_code);             // caretaker enrol --token-file FILE
void add_status(CLI::App& app, int& exit_code);            // caretaker status

}  // namespace caretaker::agent
