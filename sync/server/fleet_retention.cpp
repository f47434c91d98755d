#include "sync/server/fleet_store.h"

namespace caretaker::server {

Result<std::optional<RetentionDay>> FleetStore::last_day() {
  TRY(query, database_.prepare("SELECT counted, clock FROM retention_days ORDER BY counted DESC LIMIT 1"));
  TRY(found, query.step());
  if (!found) return std::optional<RetentionDay>();
  return std::optional(RetentionDay{query.integer(0), query.integer(1)});
}

Status FleetStore::add_day(const RetentionDay& day) {
  TRY(insert, database_.prepare("INSERT OR REPLACE INTO retention_days (counted, clock, last_event) "
                                "VALUES (?, ?, (SELECT coalesce(max(id), 0) FROM events))"));
  return insert.bind(1, day.counted_s).bind(2, day.clock).run();
}

Result<std::int64_t> FleetStore::last_event_of(std::int64_t counted_s) {
  TRY(query, database_.prepare("SELECT coalesce(max(last_event), 0) FROM retention_days WHERE counted <= ?"));
  TRY_DONE(query.bind(1, counted_s).step());
  return query.integer(0);
}

Result<std::optional<Bytes>> FleetStore::sealed_of(std::int64_t event) {
  TRY(query, database_.prepare("SELECT details FROM sealed WHERE event = ?"));
  TRY(found, query.bind(1, event).step());
  if (!found) return std::optional<Bytes>();
  return std::optional(query.blob(0));
}

Status FleetStore::replace_sealed(std::int64_t event, ByteView sealed) {
  TRY(update, database_.prepare("UPDATE sealed SET details = ? WHERE event = ?"));
  return update.bind(1, sealed).bind(2, event).run();
}

Result<bool> FleetStore::forget_sealed(std::int64_t last_event, int limit) {
  TRY(forget, database_.prepare("DELETE FROM sealed WHERE event IN (SELECT s.event FROM sealed s JOIN events e ON e.id = s.event WHERE s.event <= ? "
                                "AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.released IS NULL AND h.device = e.device "
                                "AND (h.epoch IS NULL OR h.epoch = e.epoch) AND e.seq_to BETWEEN h.seq_from AND h.seq_to) "
                                "ORDER BY s.event LIMIT ?)"));
  TRY_DONE(forget.bind(1, last_event).bind(2, static_cast<std::int64_t>(limit)).run());
  return database_.changes() == limit;
}

}  // namespace caretaker::server
