#include "agent/cli/audit.h"

#include <array>
#include <cstdio>

#include "agent/cli/command_options.h"
#include "agent/cli/commands.h"
#include "agent/cli/log_head.h"
#include "agent/cli/table.h"
#include "platform/files.h"
#include "sync/fields.h"

namespace caretaker::agent {
namespace {

constexpr Hash kNoLink{};
constexpr std::size_t kHexDevice = 64;

struct Words {
  std::string_view action;
  const char* text;
};
// What gives away, or keeps, something about people; the rest is shown with --all, as it is called.
constexpr std::array kAboutRecords = {
    Words{"events.list", "read records"},          Words{"evidence.batches", "took records as evidence"}, Words{"evidence.open", "opened records as evidence"},
    Words{"events.rewrap", "let others read"},     Words{"hold.add", "keeps records from deletion"},      Words{"hold.lift", "keeps them no more"},
    Words{"holds.list", "looked what is kept"},    Words{"audit.list", "read this list"}};

const char* words_for(std::string_view action) {
  for (const Words& words : kAboutRecords) {
    if (words.action == action) return words.text;
  }
  return nullptr;
}

// A device's id as its name, where it is known.
std::string about(std::string_view rest, const std::map<std::string, std::string>& labels) {
  std::string out;
  while (!rest.empty()) {
    const std::string word(rest.substr(0, rest.find(' ')));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    const bool is_id = labels.contains(word) || word.size() >= kHexDevice / 2;
    out += (out.empty() ? "" : " ") + (is_id ? shown_device(word, labels) : printable(word));
  }
  return out;
}

Result<sync::AuditEntry> parse_entry(const Json& json) {
  TRY(number, sync::number_at(json, "number", sync::kMaxInteger, 1));
  TRY(time, sync::number_at(json, "time"));
  TRY(by, json.string_at("by"));
  TRY(action, json.string_at("action"));
  TRY(outcome, json.string_at("outcome"));
  TRY(request, json.base64_at("request"));
  sync::AuditEntry entry{number, time, std::move(by), std::move(action), std::move(outcome), std::move(request), {}, {}};
  if (json["link"].is_null()) return entry;
  TRY(request_hash, json.hex_array_at<32>("request_hash"));
  TRY(link, json.hex_array_at<32>("link"));
  entry.request_hash = request_hash;
  entry.link = link;
  return entry;
}

// Everybody who was of the school's people at any time.
Result<std::map<sync::KeyId, sync::RootKey>> people_of(const School& school) {
  std::map<sync::KeyId, sync::RootKey> people;
  TRY(roots, read_roots(school));
  for (const Bytes& envelope : roots) {
    TRY(payload, sync::unverified_payload(envelope, sync::PayloadType::kRoot, sync::kMaxRootBytes));  // walked when the folder was opened
    TRY(root, sync::parse_root(payload));
    people.insert(root.keys.begin(), root.keys.end());
  }
  return people;
}

}  // namespace

Result<AuditPage> parse_audit(const Json& answer) {
  TRY(rows, answer.array_at("entries"));
  TRY(more, answer.bool_at("more"));
  AuditPage page{{}, more && !rows->empty()};
  for (const Json& row : *rows) {
    TRY(entry, parse_entry(row));
    page.entries.push_back(std::move(entry));
  }
  return page;
}

Result<ShownAudit> show_audit(const std::vector<sync::AuditEntry>& entries, sync::AuditWalk walk, bool all,
                              const std::map<std::string, std::string>& labels) {
  Table table({"NUMBER", "TIME", "WHO", "WHAT", "WHICH", "OUTCOME"});
  ShownAudit shown;
  std::size_t unsigned_entries = 0, rows = 0;
  bool is_linked = false;
  for (const sync::AuditEntry& entry : entries) {
    if (entry.number != static_cast<std::int64_t>(shown.links.size()) + 1) return sync::refuse(sync::Check::kAuditNumber, std::to_string(entry.number));
    std::string who;
    is_linked = is_linked || entry.link != kNoLink;
    if (is_linked) {
      TRY(holder, walk.next(entry));
      who = std::move(holder);
    }
    shown.links.push_back(entry.link);
    unsigned_entries += who.empty() ? 1 : 0;
    const std::string action = entry.action.substr(0, entry.action.find(' '));
    if (!all && words_for(action) == nullptr) continue;
    ++rows;
    const std::size_t space = entry.by.find(' ');
    table.add({std::to_string(entry.number), to_rfc3339(entry.time), printable(!who.empty() ? who : space == std::string::npos ? entry.by : entry.by.substr(space + 1)),
               words_for(action) == nullptr ? printable(action) : words_for(action), about(std::string_view(entry.action).substr(std::min(entry.action.size(), action.size() + 1)), labels),
               printable(entry.outcome)});
  }
  shown.text = rows == 0 ? "Nobody has asked for a record yet.\n" : table.text();
  shown.text += std::to_string(entries.size() - unsigned_entries) + " requests, each signed by whom it says, none missing in between.\n";
  if (unsigned_entries > 0) shown.text += std::to_string(unsigned_entries) + " more by the server's word alone: too large to be kept, or from before requests were.\n";
  return shown;
}

Status run_audit(const AuditOptions& options, const Clock& clock) {
  TRY(desk, sit_down(options));
  TRY(people, people_of(desk.school));
  std::vector<sync::AuditEntry> entries;
  for (bool more = true; more;) {
    TRY(answer, desk.client.ask("audit.list", Json::Object{{"after", entries.empty() ? 0 : entries.back().number}}, clock));
    TRY(page, parse_audit(answer));
    more = page.more;
    for (sync::AuditEntry& entry : page.entries) entries.push_back(std::move(entry));
  }
  const auto devices = desk.client.ask("devices.list", Json::Object{}, clock);  // not everybody may ask
  const auto labels = labels_in(devices ? *devices : Json());
  TRY(shown, show_audit(entries, sync::AuditWalk(desk.school.id, std::move(people)), options.all, labels));
  const auto seen = desk.school.folder / "audit.head.json";
  TRY_DONE(check_seen_head(seen, shown.links, sync::Check::kAuditHead));
  TRY_DONE(keep_seen_head(seen, shown.links));
  std::fputs(shown.text.c_str(), stdout);
  return ok();
}

void add_audit(Command& program) {
  auto command = program.command("audit", "Show and check who has asked the server for which records");
  const auto options = for_person<AuditOptions>(command);
  command.flag("--all", options->all, "Whatever anybody has asked, not only what has to do with records");
  set_action(command, options, run_audit);
}

}  // namespace caretaker::agent
