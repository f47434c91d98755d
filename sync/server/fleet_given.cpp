// FleetStore: what each device was given, and what it has refused.
#include "sync/server/fleet_store.h"

namespace caretaker::server {

Status FleetStore::note_given(const sync::DeviceId& device, std::string_view kind, std::int64_t version, UnixSeconds now) {
  TRY(insert, database_.prepare("INSERT INTO given (device, kind, version, first) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE "
                                "SET version = excluded.version, first = excluded.first WHERE version < excluded.version"));
  return insert.bind(1, ByteView(device)).bind(2, kind).bind(3, version).bind(4, now).run();
}

Status FleetStore::note_refused(const sync::DeviceId& device, std::string_view kind, std::string_view rule, UnixSeconds now) {
  TRY(insert, database_.prepare("INSERT INTO refused (device, kind, version, rule, told) VALUES (?1, ?2, "
                                "coalesce((SELECT version FROM given WHERE device = ?1 AND kind = ?2), 0), ?3, ?4) ON CONFLICT DO UPDATE "
                                "SET version = excluded.version, rule = excluded.rule, told = excluded.told"));
  return insert.bind(1, ByteView(device)).bind(2, kind).bind(3, rule).bind(4, now).run();
}

Status FleetStore::forget_refused(const sync::DeviceId& device, std::string_view kind) {
  TRY(remove, database_.prepare("DELETE FROM refused WHERE device = ? AND kind = ?"));
  return remove.bind(1, ByteView(device)).bind(2, kind).run();
}

Result<std::vector<Given>> FleetStore::given_to(const sync::DeviceId& device) {
  TRY(query, database_.prepare("SELECT kind, version, first FROM given WHERE device = ?"));
  query.bind(1, ByteView(device));
  return platform::read_rows(query, [](const platform::Statement& row) -> Result<Given> {
    return Given{row.text(0), row.integer(1), row.integer(2)};
  });
}

Result<std::vector<Refused>> FleetStore::refused_by(const sync::DeviceId& device) {
  TRY(query, database_.prepare("SELECT kind, version, rule, told FROM refused WHERE device = ?"));
  query.bind(1, ByteView(device));
  return platform::read_rows(query, [](const platform::Statement& row) -> Result<Refused> {
    return Refused{row.text(0), row.integer(1), row.text(2), row.integer(3)};
  });
}

}  // namespace caretaker::server
