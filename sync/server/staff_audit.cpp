// audit.list: what the school's people have asked of this server, for those who may look after them.
#include "sync/fields.h"
#include "sync/server/desk.h"

namespace caretaker::server {

Result<Json> list_audit(Desk& desk) {
  constexpr std::int64_t kPage = 500;
  constexpr std::size_t kPageBytes = 2u << 20;
  TRY(after, sync::number_at(desk.arguments, "after"));
  TRY(rows, desk.store.audit(after, kPage + 1));
  Json::Array entries;
  std::size_t bytes = 0;
  for (const AuditRow& row : rows) {
    bytes += row.entry.request.size();
    if (entries.size() == kPage || (bytes > kPageBytes && !entries.empty())) break;
    Json::Object json{{"number", row.entry.number}, {"time", row.entry.time},       {"by", row.entry.by},
                      {"action", row.entry.action}, {"outcome", row.entry.outcome}, {"request", to_base64(row.entry.request)}};
    if (row.is_linked) {
      json["request_hash"] = to_hex(row.entry.request_hash);
      json["link"] = to_hex(row.entry.link);
    }
    entries.push_back(std::move(json));
  }
  const bool more = entries.size() < rows.size();
  return Json(Json::Object{{"entries", std::move(entries)}, {"more", more}});
}

}  // namespace caretaker::server
