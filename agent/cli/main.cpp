#include "agent/cli/commands.h"

namespace {

void add_commands(caretaker::Command program) {
  using namespace caretaker::agent;
  auto policy = program.command("policy", "Write, build, sign and send the school's policy and lists");
  add_policy_check(policy);
  add_policy_build(policy);
  add_policy_diff(policy);
  add_policy_sign(policy);
  add_policy_push(policy);
  add_policy_export(policy);
  add_why(program);
  add_school(program);
  add_key_commands(program);
  add_records(program);
  add_evidence(program);
  add_audit(program);
  add_token(program);
  add_device(program);
  add_exception(program);
  add_changes(program);
  add_import(program);
  add_events(program);
  add_enrol(program);
  add_status(program);
  add_snooze(program);
  add_unlock(program);
  add_verify(program);
}

}  // namespace

int main(int argc, char** argv) {
  return caretaker::run_program("caretaker", "Caretaker: looks after a school's laptops", argc, argv, add_commands);
}
