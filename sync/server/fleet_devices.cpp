// FleetStore: opening, tokens, devices.
#include "platform/files.h"
#include "sync/server/fleet_schema.h"
#include "sync/server/fleet_store.h"

namespace caretaker::server {
namespace {

constexpr std::string_view kDeviceColumns =
    "SELECT id, key, label, dmi_uuid, board_serial, enrolled, last_seen, state, problem, replaced_by FROM devices ";

Result<DeviceRow> read_device(const platform::Statement& row) {
  TRY(id, to_array<32>(row.blob(0)));
  TRY(key, to_array<32>(row.blob(1)));
  DeviceRow out{id, key, row.text(2), {row.text(3), row.text(4)}, row.integer(5), {}, row.text(7), row.text(8), {}};
  if (!row.is_null(6)) out.last_seen = row.integer(6);
  if (row.is_null(9)) return out;
  TRY(replaced_by, to_array<32>(row.blob(9)));
  out.replaced_by = replaced_by;
  return out;
}

Result<platform::Database> open_sound(const std::filesystem::path& path) {
  // SQLite gives its other files the mode of the first.
  const auto size = platform::file_size(path);
  if (!size && size.error().code == ErrorCode::kNotFound) TRY_DONE(platform::replace_file(path, {}, 0600));
  TRY(database, platform::Database::open(path));
  TRY_DONE(database.check());
  TRY_DONE(platform::migrate(database, fleet_schema()));
  TRY_DONE(platform::check_tables(database, fleet_schema()));
  return database;
}

}  // namespace

Result<FleetStore> FleetStore::open(const std::filesystem::path& path) {
  auto database = open_sound(path);
  if (database) return FleetStore(std::move(*database));
  if (database.error().code != ErrorCode::kDamaged) return database.error();
  return database.error().with_context("fleet.db is damaged (caretaker-server(8) says how a backup takes its place)");
}

Status FleetStore::add_token(const Hash& hash, std::string_view made_by, UnixSeconds now, UnixSeconds expires) {
  TRY(insert, database_.prepare("INSERT INTO tokens (hash, made, made_by, expires) VALUES (?, ?, ?, ?)"));
  return insert.bind(1, ByteView(hash)).bind(2, now).bind(3, made_by).bind(4, expires).run();
}

// The same device may come again with the same token: its first answer was lost on the way.
Status FleetStore::use_token(const Hash& hash, const sync::DeviceId& device, UnixSeconds now) {
  TRY(update, database_.prepare("UPDATE tokens SET used = ?1, used_by = ?2 WHERE hash = ?3 AND expires > ?1 "
                                "AND (used IS NULL OR used_by = ?2)"));
  TRY_DONE(update.bind(1, now).bind(2, ByteView(device)).bind(3, ByteView(hash)).run());
  if (database_.changes() == 1) return ok();
  return make_error(ErrorCode::kPermissionDenied, "this enrolment token is unknown, used or older than a day");
}

Status FleetStore::add_device(const DeviceRow& row, ByteView enrolment) {
  TRY(insert, database_.prepare("INSERT INTO devices (id, key, label, dmi_uuid, board_serial, enrolled, state, problem, enrolment) "
                                "VALUES (?, ?, ?, ?, ?, ?, '{}', '', ?) ON CONFLICT (id) DO NOTHING"));
  return insert.bind(1, ByteView(row.id)).bind(2, ByteView(row.key)).bind(3, std::string_view(row.label))
      .bind(4, std::string_view(row.hardware.dmi_uuid)).bind(5, std::string_view(row.hardware.board_serial))
      .bind(6, row.enrolled).bind(7, enrolment).run();
}

Result<std::optional<Bytes>> FleetStore::enrolment_of(const sync::DeviceId& id) {
  TRY(query, database_.prepare("SELECT enrolment FROM devices WHERE id = ?"));
  query.bind(1, ByteView(id));
  TRY(found, query.step());
  if (!found) return std::optional<Bytes>();
  return std::optional<Bytes>(query.is_null(0) ? Bytes() : query.blob(0));
}

Result<std::optional<DeviceRow>> FleetStore::device(const sync::DeviceId& id) {
  TRY(query, database_.prepare(std::string(kDeviceColumns) + "WHERE id = ?"));
  query.bind(1, ByteView(id));
  TRY(found, query.step());
  if (!found) return std::optional<DeviceRow>();
  TRY(row, read_device(query));
  return std::optional<DeviceRow>(std::move(row));
}

Result<std::vector<DeviceRow>> FleetStore::devices() {
  TRY(query, database_.prepare(std::string(kDeviceColumns) + "ORDER BY label, enrolled"));
  return platform::read_rows(query, read_device);
}

Result<std::int64_t> FleetStore::count(std::string_view sql, const sync::DeviceId& device) {
  TRY(query, database_.prepare(sql));
  query.bind(1, ByteView(device));
  TRY(found, query.step());
  return found ? query.integer(0) : std::int64_t{0};
}

Result<DeviceBook> FleetStore::book(const sync::DeviceId& id) {
  DeviceBook out;
  TRY(holes, count("SELECT count(*) FROM holes WHERE device = ?", id));
  out.holes = holes;
  TRY(quarantine, database_.prepare("SELECT count(*), sum(reason = 'fork'), max(received) FROM quarantine WHERE device = ?"));
  TRY_DONE(quarantine.bind(1, ByteView(id)).step());
  out.quarantined = quarantine.integer(0);
  out.forks = quarantine.integer(1);
  out.last_quarantined = quarantine.integer(2);
  // The newest is the one that no other names as the one before it; times may be equal, or wrong.
  TRY(query, database_.prepare("SELECT epoch, last_seq FROM epochs e WHERE device = ? ORDER BY EXISTS "
                               "(SELECT 1 FROM epochs n WHERE n.device = e.device AND n.previous = e.epoch), opened DESC LIMIT 1"));
  query.bind(1, ByteView(id));
  TRY(found, query.step());
  if (!found) return out;
  TRY(epoch, to_array<16>(query.blob(0)));
  out.epoch = epoch;
  out.last_seq = query.integer(1);
  return out;
}

Status FleetStore::mark_replaced(const sync::Hardware& hardware, const sync::DeviceId& by) {
  if (hardware.dmi_uuid.empty()) return ok();
  TRY(update, database_.prepare("UPDATE devices SET replaced_by = ?1 WHERE dmi_uuid = ?2 AND board_serial = ?3 AND id <> ?1 "
                                "AND replaced_by IS NULL"));
  return update.bind(1, ByteView(by)).bind(2, std::string_view(hardware.dmi_uuid))
      .bind(3, std::string_view(hardware.board_serial)).run();
}

Status FleetStore::note_seen(const sync::DeviceId& id, UnixSeconds now, std::string_view state, std::string_view problem) {
  TRY(update, database_.prepare("UPDATE devices SET last_seen = ?, state = ?, problem = ? WHERE id = ?"));
  return update.bind(1, now).bind(2, state).bind(3, problem).bind(4, ByteView(id)).run();
}

}  // namespace caretaker::server
