#include "agent/cli/local_events.h"

#include <cstdio>
#include <optional>

#include "agent/cli/event_rows.h"
#include "agent/cli/passphrase.h"
#include "agent/guard_client.h"

namespace caretaker::agent {
namespace {

constexpr std::uint32_t kPage = 500;

Result<Json::Array> fetch_all(GuardClient& guard, const BoxKey* key) {
  Json::Array rows;
  EventsQuestion question{1, kPage};
  while (true) {
    TRY(answer, guard.events(question));
    for (const QueuedEvent& event : answer.events) {
      TRY(row, make_row(answer.epoch, event));
      TRY(opened, open_row(row, key));
      rows.push_back(std::move(opened));
    }
    if (answer.events.empty()) return rows;
    question.from_seq = answer.events.back().to + 1;
  }
}

}  // namespace

Result<Json> make_row(const sync::EpochId& epoch, const QueuedEvent& event) {
  Json::Object row{{"from", event.from},
                   {"to", event.to},
                   {"epoch", to_hex(epoch)},
                   {"acknowledged", event.acknowledged},
                   {"label", event.acknowledged ? "sent" : "queued"}};
  if (!event.body.empty()) row["body"] = to_base64(event.body);
  if (!event.sealed.empty()) {
    TRY(sealed, parse_json(as_text(event.sealed)));
    row["sealed"] = std::move(sealed);
  }
  return Json(std::move(row));
}

Status run_local_events(const LocalEventsOptions& options) {
  std::optional<sync::PersonKey> person;
  if (!options.key.empty()) {
    TRY(opened, open_person(options.key, options.passphrase_file));
    person = std::move(opened);
  }
  TRY(guard, GuardClient::connect(options.socket));
  TRY(rows, fetch_all(guard, person ? &person->box : nullptr));
  const bool none = rows.empty();
  const std::string text = options.json ? Json(std::move(rows)).dump(2) + "\n"
                           : none       ? "This machine's book is empty.\n"
                                        : show_rows(rows);
  std::fputs(text.c_str(), stdout);
  return ok();
}

}  // namespace caretaker::agent
