#include "agent/cli/server_events.h"

#include <cstdio>

#include "agent/cli/event_rows.h"

namespace caretaker::agent {
namespace {

constexpr int kPage = 500;

Result<Json::Array> fetch_all(StaffClient& client, const BoxKey& key, const Clock& clock) {
  Json::Array rows;
  std::int64_t after = 0;
  for (bool more = true; more;) {
    TRY(answer, client.ask("events.list", Json::Object{{"after", after}, {"limit", kPage}}, clock));
    TRY(page, answer.array_at("events"));
    TRY(server_has_more, answer.bool_at("more"));
    for (const Json& row : *page) {
      TRY(opened, open_row(row, &key));
      TRY(id, row.int_at("id"));
      if (id <= after) return make_error(ErrorCode::kInvalidInput, "the server's rows are not in order");
      after = id;
      rows.push_back(std::move(opened));
    }
    more = server_has_more && !page->empty();
  }
  return rows;
}

}  // namespace

Status run_server_events(const ServerEventsOptions& options, const Clock& clock) {
  TRY(desk, sit_down(options));
  TRY(rows, fetch_all(desk.client, desk.key.box, clock));
  const std::string text = options.json ? Json(std::move(rows)).dump(2) + "\n" : rows.empty() ? "The server has no events yet.\n" : show_rows(rows);
  std::fputs(text.c_str(), stdout);
  return ok();
}

}  // namespace caretaker::agent
