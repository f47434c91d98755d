// changes.list: the log of what was published, for whoever wants to check it.
#include "sync/server/desk.h"

namespace caretaker::server {

Result<Json> list_changes(Desk& desk) {
  constexpr std::size_t kPage = 200;
  constexpr std::size_t kPageBytes = 3u << 20;
  const std::int64_t* after = desk.arguments["after"].as_int();
  TRY(rows, desk.store.changes(after ? *after : 0, kPage + 1));
  Json::Array entries;
  std::size_t bytes = 0;
  for (const ChangeRow& row : rows) {
    bytes += row.envelope.size();
    if (entries.size() == kPage || (bytes > kPageBytes && !entries.empty())) break;
    entries.push_back(Json::Object{{"number", row.number}, {"time", row.time}, {"kind", row.kind},
                                   {"envelope", to_base64(row.envelope)}, {"link", to_hex(row.link)}});
  }
  const bool more = entries.size() < rows.size();
  return Json(Json::Object{{"changes", std::move(entries)}, {"more", more}});
}

}  // namespace caretaker::server
