// `caretaker evidence export | hold | lift | holds`.
#include "agent/cli/command_options.h"
#include "agent/cli/commands.h"
#include "agent/cli/evidence_holds.h"

namespace caretaker::agent {
namespace {

void add_export(Command& evidence) {
  auto command = evidence.command("export", "Pack records into one file that the police can check by themselves");
  const auto options = for_person<EvidenceOptions>(command);
  command.option("--device", options->name, "Name of the device, or the beginning of its id").required();
  command.option("--records", options->records, "Which, by the numbers that `caretaker events --server` shows: 3,9 are two, 3-9 are seven").required();
  command.option("--open", options->open, "Of which of them the details go along: 4,7-9 (else what is sealed stays sealed)");
  command.option("--book", options->book, "Another book of the device than its newest: its \"epoch\"");
  command.option("--reason", options->reason, "For whom and why, as it shall stand in the file").required();
  command.option("--out", options->out, "The file").required();
  set_action(command, options, run_evidence_export);
}

void add_hold(Command& evidence) {
  auto command = evidence.command("hold", "Keep records on the server from being deleted after 90 days");
  const auto options = for_person<HoldOptions>(command);
  command.option("--device", options->name, "Name of the device, or the beginning of its id").required();
  command.option("--records", options->records, "Which: 3,9 are two, 3-9 are seven (else all of the device, what is to come too)");
  command.option("--book", options->book, "Another book of the device than its newest: its \"epoch\"");
  command.option("--reason", options->reason, "Why").required();
  set_action(command, options, run_evidence_hold);
}

void add_lift(Command& evidence) {
  auto command = evidence.command("lift", "End a hold");
  const auto options = for_person<HoldOptions>(command);
  command.option("--hold", options->number, "Its number, as `caretaker evidence holds` has it").required();
  command.option("--reason", options->reason, "Why").required();
  set_action(command, options, run_evidence_lift);
}

}  // namespace

void add_evidence(Command& program) {
  auto evidence = program.command("evidence", "Records for the police, and what is kept for them");
  add_export(evidence);
  add_hold(evidence);
  add_lift(evidence);
  auto holds = evidence.command("holds", "Show what is held, by whom and why, and what was");
  set_action(holds, for_person<HoldOptions>(holds), run_evidence_holds);
}

}  // namespace caretaker::agent
