#include "agent/cli/records_rewrap.h"

#include <algorithm>
#include <cstdio>

#include "agent/cli/command_options.h"
#include "agent/cli/commands.h"
#include "agent/cli/passphrase.h"
#include "agent/cli/table.h"
#include "sync/sealed_key.h"

namespace caretaker::agent {
namespace {

constexpr int kPage = 200;

Result<std::map<sync::KeyId, BoxPublicKey>> find_readers(const sync::Root& root, const std::vector<std::string>& holders) {
  std::map<sync::KeyId, BoxPublicKey> readers;
  for (const std::string& holder : holders) {
    const std::size_t before = readers.size();
    for (const auto& [id, recipient] : root.recipients) {
      if (recipient.holder == holder) readers.emplace(id, recipient.public_key);
    }
    if (readers.size() == before) {
      return make_error(ErrorCode::kNotFound, "the root names no reader \"" + printable(holder) + "\" (caretaker school show, caretaker school update)");
    }
  }
  return readers;
}

bool has_reader(const sync::SealedDetails& sealed, const sync::KeyId& reader) {
  return std::any_of(sealed.keys.begin(), sealed.keys.end(), [&](const sync::WrappedKey& key) { return key.recipient == reader; });
}

struct Counts {
  std::int64_t added = 0, closed = 0;
};

Status send(StaffClient& client, Rewrapped page, Counts& counts, const Clock& clock) {
  counts.closed += page.closed;
  if (page.keys.empty()) return ok();
  TRY(answer, client.ask("events.rewrap", Json::Object{{"keys", std::move(page.keys)}}, clock));
  TRY(added, answer.int_at("added"));
  counts.added += added;
  return ok();
}

Status rewrap_all(StaffClient& client, const BoxKey& opener, const std::map<sync::KeyId, BoxPublicKey>& readers, Counts& counts, const Clock& clock) {
  std::int64_t after = 0;
  for (bool more = true; more;) {
    TRY(answer, client.ask("events.list", Json::Object{{"after", after}, {"limit", kPage}}, clock));
    TRY(rows, answer.array_at("events"));
    TRY(server_has_more, answer.bool_at("more"));
    more = server_has_more && !rows->empty();
    if (!rows->empty()) {
      TRY(last, rows->back().int_at("id"));
      if (last <= after) return make_error(ErrorCode::kInvalidInput, "the server's rows are not in order");
      after = last;
    }
    TRY(page, rewrap_rows(*rows, opener, readers));
    TRY_DONE(send(client, std::move(page), counts, clock));
  }
  return ok();
}

}  // namespace

Result<Rewrapped> rewrap_rows(const Json::Array& rows, const BoxKey& opener, const std::map<sync::KeyId, BoxPublicKey>& readers) {
  Rewrapped out;
  for (const Json& row : rows) {
    if (row["sealed"].is_null() || row["body"].is_null()) continue;
    TRY(id, row.int_at("id"));
    TRY(bytes, row.base64_at("body"));
    const auto body = sync::parse_event_body(bytes);
    const auto sealed = sync::parse_sealed(row["sealed"]);
    const auto key = body && sealed ? sync::open_sealed_key(*sealed, *body, opener) : Result<SecretKey>(make_error(ErrorCode::kInvalidInput, "unreadable"));
    if (!key) {  // another's, or damaged: what cannot be proven to be the record's key is not handed on
      ++out.closed;
      continue;
    }
    for (const auto& [reader, public_key] : readers) {
      if (has_reader(*sealed, reader)) continue;
      out.keys.push_back(Json::Object{{"event", id}, {"recipient", reader}, {"wrapped", to_base64(box_seal(public_key, key->view()))}});
    }
  }
  return out;
}

Status run_records_rewrap(const RecordsRewrapOptions& options, const Clock& clock) {
  TRY(school, open_school(options.school));
  TRY(readers, find_readers(school.root.root(), options.readers));
  TRY(desk, sit_down(options, std::move(school)));
  BoxKey opener = desk.key.box;
  if (!options.open_with.empty()) {
    TRY(other, open_person(options.open_with, options.open_passphrase_file.empty() ? options.passphrase_file : options.open_passphrase_file));
    opener = other.box;
  }
  Counts counts;
  TRY_DONE(rewrap_all(desk.client, opener, readers, counts, clock));
  std::printf("%lld keys wrapped anew. %lld records are not open to the key that was used and stay as they are.\n",
              static_cast<long long>(counts.added), static_cast<long long>(counts.closed));
  return ok();
}

void add_records(Command& program) {
  auto records = program.command("records", "The sealed records on the server");
  auto command = records.command("rewrap", "Let a new safeguarding lead read the old records");
  const auto options = for_person<RecordsRewrapOptions>(command);
  command.option("--for", options->readers, "Who shall read them, as `school show` has the name; may be given several times").required();
  command.option("--open-with", options->open_with, "Key file that opens them (the former lead's, the escrow key) where it is not the one of --key");
  command.option("--open-passphrase-file", options->open_passphrase_file, "File whose first line is that key's passphrase");
  set_action(command, options, run_records_rewrap);
}

}  // namespace caretaker::agent
