#include "agent/cli/changes.h"

#include <cstdio>

#include "agent/cli/log_head.h"
#include "agent/cli/table.h"
#include "platform/files.h"
#include "sync/checks.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxFile = 256u << 20;
constexpr std::size_t kMaxValues = 1u << 22;

struct Log {
  std::vector<sync::ChangeEntry> entries;
  Json devices;  // as the server lists them; null when it was not asked
};

Result<Log> ask_server(const ChangesOptions& options, const School& school, const Clock& clock) {
  TRY(desk, sit_down(options, school));
  Log log;
  bool more = true;
  while (more) {
    TRY(answer, desk.client.ask("changes.list", Json::Object{{"after", static_cast<std::int64_t>(log.entries.size())}}, clock));
    TRY(page, parse_changes(answer));
    TRY(has_more, answer.bool_at("more"));
    more = has_more && !page.empty();
    for (sync::ChangeEntry& entry : page) log.entries.push_back(std::move(entry));
  }
  auto devices = desk.client.ask("devices.list", Json::Object{}, clock);
  if (devices) log.devices = std::move(*devices);  // not everybody may ask for them
  return log;
}

Result<Log> read_log(const ChangesOptions& options) {
  TRY(bytes, platform::read_file(options.file, kMaxFile));
  TRY(json, parse_json(as_text(bytes), {kMaxFile, 8, kMaxValues}));
  TRY(entries, parse_changes(json));
  return Log{std::move(entries), {}};
}

Status save(const ChangesOptions& options, const std::vector<sync::ChangeEntry>& entries) {
  Json::Array rows;
  for (const sync::ChangeEntry& entry : entries) {
    rows.push_back(Json::Object{{"number", entry.number}, {"envelope", to_base64(entry.envelope)}, {"link", to_hex(entry.link)}});
  }
  return platform::replace_file(options.save, as_bytes(Json(Json::Object{{"v", 1}, {"changes", std::move(rows)}}).dump()), 0644);
}

// A policy that devices have and the log has not was hidden from whoever reads the log.
Status check_devices(const Json& devices, const sync::ChangeWalk& walk) {
  if (devices.is_null()) return ok();
  TRY(rows, devices.array_at("devices"));
  const std::int64_t root = walk.root() ? walk.root()->root().version : 0;
  for (const Json& row : *rows) {
    const auto above = [&](std::string_view key, std::int64_t most) {
      const std::int64_t* version = row["state"][key].as_int();
      return version != nullptr && *version > most;
    };
    if (above("root", root) || above("policy", walk.policy()) || above("lists", walk.lists())) {
      return sync::refuse(sync::Check::kChangeDevice, row.string_at("label").value_or("?"));
    }
  }
  return ok();
}

std::string names(const std::vector<std::string>& holders) {
  std::string out;
  for (const std::string& holder : holders) out += (out.empty() ? "" : ", ") + printable(holder);
  return out;
}

void show(const std::vector<sync::Change>& changes) {
  Table table({"NUMBER", "SIGNED", "KIND", "VERSION", "BY", "WHAT"});
  for (const sync::Change& change : changes) {
    table.add({std::to_string(change.number), change.issued == 0 ? "-" : to_rfc3339(change.issued), change.kind,
               change.version == 0 ? "-" : std::to_string(change.version), names(change.holders), printable(change.what)});
  }
  std::fputs(table.text().c_str(), stdout);
}

}  // namespace

Result<std::vector<sync::ChangeEntry>> parse_changes(const Json& answer) {
  TRY(rows, answer.array_at("changes"));
  std::vector<sync::ChangeEntry> out;
  for (const Json& row : *rows) {
    TRY(number, row.int_at("number"));
    TRY(envelope, row.base64_at("envelope"));
    TRY(link, row.hex_array_at<32>("link"));
    out.push_back({number, std::move(envelope), link});
  }
  return out;
}

Status run_changes(const ChangesOptions& options, const Clock& clock) {
  TRY(school, open_school(options.school));
  if (options.file.empty() && options.key.empty()) return make_error(ErrorCode::kInvalidInput, "whose key? --key, or --file for a log that was saved");
  TRY(log, options.file.empty() ? ask_server(options, school, clock) : read_log(options));
  if (!options.save.empty()) TRY_DONE(save(options, log.entries));
  sync::ChangeWalk walk(school.id);
  std::vector<sync::Change> changes;
  std::vector<Hash> links;
  for (const sync::ChangeEntry& entry : log.entries) {
    TRY(change, walk.next(entry));
    changes.push_back(std::move(change));
    links.push_back(entry.link);
  }
  if (options.file.empty()) {
    const auto seen = school.folder / "changes.head.json";
    TRY_DONE(check_seen_head(seen, links, sync::Check::kChangeHead));
    TRY_DONE(check_devices(log.devices, walk));
    TRY_DONE(keep_seen_head(seen, links));
  }
  if (!options.verify) show(changes);
  std::printf("%zu changes, each signed by whom it says, none missing in between. Head: %s\n", changes.size(), to_hex(walk.link()).c_str());
  return ok();
}

}  // namespace caretaker::agent
