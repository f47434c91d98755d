// FleetStore: roots, policies, lists, and the requests of the school's people.
#include "sync/server/fleet_store.h"

#include "platform/base/log.h"

namespace caretaker::server {
namespace {

Result<std::optional<Published>> first_row(Result<platform::Statement> query) {
  if (!query) return query.error();
  TRY(found, query->step());
  if (!found) return std::optional<Published>();
  return std::optional<Published>({query->integer(0), query->blob(1)});
}

}  // namespace

Result<std::vector<Bytes>> FleetStore::roots() {
  TRY(query, database_.prepare("SELECT envelope FROM roots ORDER BY version"));
  return platform::read_rows(query, [](const platform::Statement& row) -> Result<Bytes> {
    return row.blob(0);
  });
}

Status FleetStore::together(const std::function<Status()>& work) {
  TRY_DONE(database_.execute("SAVEPOINT together"));
  Status done = work();
  // Where nothing is around it this commits, and fails on a full disk: left open, it would keep everybody from beginning another.
  if (done) done = database_.execute("RELEASE together");
  if (done) return ok();
  // Where the full disk has rolled it back already there is no such savepoint any more: what went wrong first is the error.
  if (auto undone = database_.execute("ROLLBACK TO together; RELEASE together"); !undone) log_debug("server", undone.error().message);
  return done;
}

Status FleetStore::add_root(std::int64_t version, ByteView envelope) {
  return together([&]() -> Status {
    TRY(insert, database_.prepare("INSERT INTO roots (version, envelope) VALUES (?, ?)"));
    TRY_DONE(insert.bind(1, version).bind(2, envelope).run());
    return append_change("root", envelope, 0);
  });
}

Result<std::optional<Published>> FleetStore::newest_policy() {
  return first_row(database_.prepare("SELECT version, envelope FROM policies ORDER BY version DESC LIMIT 1"));
}

Status FleetStore::retire_policies() {
  TRY_DONE(database_.execute("DELETE FROM given WHERE kind = 'policy'"));
  return database_.execute("DELETE FROM policies");
}

Status FleetStore::retire_lists() {
  TRY_DONE(database_.execute("DELETE FROM given WHERE kind = 'lists'"));
  return database_.execute("DELETE FROM lists");
}

Status FleetStore::add_policy(std::int64_t version, ByteView envelope, UnixSeconds now) {
  return together([&]() -> Status {
    TRY(insert, database_.prepare("INSERT INTO policies (version, envelope, published) VALUES (?, ?, ?)"));
    TRY_DONE(insert.bind(1, version).bind(2, envelope).bind(3, now).run());
    return append_change("policy", envelope, now);
  });
}

Result<std::optional<Published>> FleetStore::newest_lists(bool whole_only) {
  return first_row(database_.prepare(whole_only
      ? "SELECT version, envelope FROM lists WHERE file_here = 1 ORDER BY version DESC LIMIT 1"
      : "SELECT version, envelope FROM lists ORDER BY version DESC LIMIT 1"));
}

Result<std::optional<Published>> FleetStore::countersigned_lists() {
  return first_row(database_.prepare("SELECT version, envelope FROM lists WHERE file_here = 1 AND countersigned = 1 ORDER BY version DESC LIMIT 1"));
}

Status FleetStore::add_lists(const sync::VerifiedLists& lists, ByteView envelope, bool file_here, UnixSeconds now) {
  const sync::ListsManifest& manifest = lists.manifest();
  return together([&]() -> Status {
    TRY(insert, database_.prepare("INSERT INTO lists (version, envelope, published, file, file_size, file_here, countersigned) "
                                  "VALUES (?, ?, ?, ?, ?, ?, ?)"));
    TRY_DONE(insert.bind(1, manifest.version).bind(2, envelope).bind(3, now).bind(4, ByteView(manifest.file))
                 .bind(5, static_cast<std::int64_t>(manifest.file_size)).bind(6, std::int64_t{file_here}).bind(7, std::int64_t{lists.countersigned()}).run());
    return append_change("lists", envelope, now);
  });
}

Result<std::optional<FleetStore::SetFile>> FleetStore::set_file(const Hash& file) {
  TRY(query, database_.prepare("SELECT file_size, file_here AS here FROM lists WHERE file = ?1 "
                               "UNION ALL SELECT size, here FROM deltas WHERE hash = ?1 ORDER BY here DESC LIMIT 1"));
  query.bind(1, ByteView(file));
  TRY(found, query.step());
  if (!found) return std::optional<SetFile>();
  return std::optional<SetFile>({static_cast<std::uint64_t>(query.integer(0)), query.integer(1) != 0});
}

Status FleetStore::mark_here(const Hash& file, bool here) {
  TRY(lists, database_.prepare("UPDATE lists SET file_here = ? WHERE file = ?"));
  TRY_DONE(lists.bind(1, std::int64_t{here}).bind(2, ByteView(file)).run());
  TRY(deltas, database_.prepare("UPDATE deltas SET here = ? WHERE hash = ?"));
  return deltas.bind(1, std::int64_t{here}).bind(2, ByteView(file)).run();
}

Result<std::vector<Hash>> FleetStore::forget_old_files() {
  std::vector<Hash> out;
  for (const char* sql : {"UPDATE lists SET file_here = 0 WHERE file_here = 1 AND file NOT IN "
                          "(SELECT file FROM lists WHERE file_here = 1 ORDER BY version DESC LIMIT 2) AND file NOT IN "
                          "(SELECT file FROM lists WHERE file_here = 1 AND countersigned = 1 ORDER BY version DESC LIMIT 1) RETURNING file",
                          "DELETE FROM deltas WHERE file NOT IN (SELECT file FROM lists ORDER BY version DESC LIMIT 2) RETURNING hash"}) {
    TRY(update, database_.prepare(sql));
    while (true) {
      TRY(found, update.step());
      if (!found) break;
      TRY(file, to_array<32>(update.blob(0)));
      out.push_back(file);
    }
  }
  return out;
}

Status FleetStore::add_delta(const Hash& base, const Hash& file, const Hash& delta, std::uint64_t size, bool here) {
  TRY(insert, database_.prepare("INSERT INTO deltas (base, file, hash, size, here) VALUES (?, ?, ?, ?, ?) "
                                "ON CONFLICT DO UPDATE SET hash = excluded.hash, size = excluded.size, here = excluded.here"));
  return insert.bind(1, ByteView(base)).bind(2, ByteView(file)).bind(3, ByteView(delta)).bind(4, static_cast<std::int64_t>(size))
      .bind(5, std::int64_t{here}).run();
}

Result<std::optional<Hash>> FleetStore::delta(const Hash& base, const Hash& file) {
  TRY(query, database_.prepare("SELECT hash FROM deltas WHERE base = ? AND file = ? AND here = 1"));
  query.bind(1, ByteView(base)).bind(2, ByteView(file));
  TRY(found, query.step());
  if (!found) return std::optional<Hash>();
  TRY(delta, to_array<32>(query.blob(0)));
  return std::optional<Hash>(delta);
}

Status FleetStore::use_nonce(std::string_view nonce, UnixSeconds now, UnixSeconds forget) {
  TRY(old, database_.prepare("DELETE FROM nonces WHERE forget < ?"));
  TRY_DONE(old.bind(1, now).run());
  TRY(insert, database_.prepare("INSERT INTO nonces (nonce, forget) VALUES (?, ?) ON CONFLICT DO NOTHING"));
  TRY_DONE(insert.bind(1, nonce).bind(2, forget).run());
  if (database_.changes() == 1) return ok();
  return make_error(ErrorCode::kConflict, "this request has been made before");
}

}  // namespace caretaker::server
