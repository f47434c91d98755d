#include "agent/cli/evidence_holds.h"

#include <cstdio>

#include "agent/cli/command_options.h"
#include "agent/cli/commands.h"
#include "agent/cli/table.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

Result<std::vector<std::string>> row_of(const Json& hold) {
  TRY(number, hold.int_at("hold"));
  TRY(label, hold.string_at("label"));
  TRY(epoch, hold.string_at("epoch"));
  TRY(from, hold.int_at("from"));
  TRY(to, hold.int_at("to"));
  TRY(made, hold.int_at("made"));
  TRY(by, hold.string_at("by"));
  TRY(reason, hold.string_at("reason"));
  TRY(lifted, hold.int_at("lifted"));
  TRY(lifted_by, hold.string_at("lifted_by"));
  TRY(lifted_why, hold.string_at("lifted_why"));
  const std::string records = epoch.empty() ? "all" : std::to_string(from) + "-" + std::to_string(to) + " of " + epoch.substr(0, 8);
  return std::vector{std::to_string(number), label, records, to_rfc3339(made), by, reason,
                     lifted == 0 ? "in force" : "lifted " + to_rfc3339(lifted) + " by " + lifted_by + ": " + lifted_why};
}

Status hold(Desk& desk, Json::Object arguments, const Clock& clock) {
  TRY(answer, desk.client.ask("hold.add", std::move(arguments), clock));
  TRY(number, answer.int_at("hold"));
  std::printf("Hold %lld is in force: the server keeps these records until it is lifted.\n", static_cast<long long>(number));
  return ok();
}

}  // namespace

Result<std::string> show_holds(const Json& answer) {
  TRY(holds, answer.array_at("holds"));
  if (holds->empty()) return std::string("Nothing is held: sealed records are deleted after 90 days.\n");
  Table table({"NUMBER", "DEVICE", "RECORDS", "SINCE", "BY", "REASON", "STATE"});
  for (const Json& hold : *holds) {
    TRY(row, row_of(hold));
    table.add(std::move(row));
  }
  return table.text();
}

Status run_evidence_hold(const HoldOptions& options, const Clock& clock) {
  TRY(ranges, options.records.empty() ? Result<RecordRanges>(RecordRanges()) : parse_records(options.records, sync::kMaxSeq));
  TRY(desk, sit_down(options));
  TRY(device, ask_device(desk, options.name, clock));
  const Json::Object all{{"device", device["device"]}, {"reason", options.reason}};
  if (ranges.empty()) return hold(desk, all, clock);
  TRY(epoch, epoch_of(device, options.book));
  for (const RecordRange& range : ranges) {  // each can be lifted by itself
    Json::Object arguments = all;
    arguments["epoch"] = to_hex(epoch);
    arguments["from"] = range.from;
    arguments["to"] = range.to;
    TRY_DONE(hold(desk, std::move(arguments), clock));
  }
  return ok();
}

Status run_evidence_lift(const HoldOptions& options, const Clock& clock) {
  TRY(desk, sit_down(options));
  TRY_DONE(desk.client.ask("hold.lift", Json::Object{{"hold", static_cast<std::int64_t>(options.number)}, {"reason", options.reason}}, clock));
  std::printf("Hold %u is lifted: what is older than 90 days goes within a day, unless another hold keeps it.\n", options.number);
  return ok();
}

Status run_evidence_holds(const HoldOptions& options, const Clock& clock) {
  TRY(desk, sit_down(options));
  TRY(answer, desk.client.ask("holds.list", Json::Object{}, clock));
  TRY(text, show_holds(answer));
  std::fputs(text.c_str(), stdout);
  return ok();
}

}  // namespace caretaker::agent
