// FleetStore: the log of what was published.
#include "sync/change_log.h"
#include "sync/server/fleet_store.h"

namespace caretaker::server {
namespace {

Result<ChangeRow> read_change(const platform::Statement& row) {
  TRY(link, to_array<32>(row.blob(4)));
  return ChangeRow{row.integer(0), row.integer(1), row.text(2), row.blob(3), link};
}

constexpr const char* kEverything =
    "SELECT 'root', envelope, 0 AS at, version, 0 AS rank FROM roots WHERE version = 1 "
    "UNION ALL SELECT 'root', envelope, 0, version, 1 FROM roots WHERE version > 1 "
    "UNION ALL SELECT 'policy', envelope, published, version, 2 FROM policies "
    "UNION ALL SELECT 'lists', envelope, published, version, 3 FROM lists "
    "UNION ALL SELECT 'letter', envelope, published, number, 4 FROM letters ORDER BY rank, 4";

}  // namespace

Result<std::optional<ChangeRow>> FleetStore::last_change() {
  TRY(query, database_.prepare("SELECT number, time, kind, envelope, link FROM changes ORDER BY number DESC LIMIT 1"));
  TRY(found, query.step());
  if (!found) return std::optional<ChangeRow>();
  TRY(row, read_change(query));
  return std::optional<ChangeRow>(std::move(row));
}

// Before the school is known there is nothing to chain to: begin_changes() writes it down then.
Status FleetStore::append_change(std::string_view kind, ByteView envelope, UnixSeconds now) {
  if (!changes_of_) return ok();
  TRY(last, last_change());
  const std::int64_t number = last ? last->number + 1 : 1;
  const Hash link = sync::next_change_link(last ? last->link : sync::first_change_link(*changes_of_), number, envelope);
  TRY(insert, database_.prepare("INSERT INTO changes (number, time, kind, envelope, link) VALUES (?, ?, ?, ?, ?)"));
  return insert.bind(1, number).bind(2, now).bind(3, kind).bind(4, envelope).bind(5, ByteView(link)).run();
}

Status FleetStore::begin_changes(const sync::SchoolId& school) {
  changes_of_ = school;
  TRY(last, last_change());
  if (last) return ok();
  struct Old { std::string kind; Bytes envelope; UnixSeconds time; };
  std::vector<Old> all;
  TRY(query, database_.prepare(kEverything));
  while (true) {
    TRY(found, query.step());
    if (!found) break;
    all.push_back({query.text(0), query.blob(1), query.integer(2)});
  }
  return database_.transaction([&]() -> Status {
    for (const Old& old : all) TRY_DONE(append_change(old.kind, old.envelope, old.time));
    return ok();
  });
}

Result<std::vector<ChangeRow>> FleetStore::changes(std::int64_t after, std::size_t limit) {
  TRY(query, database_.prepare("SELECT number, time, kind, envelope, link FROM changes WHERE number > ? ORDER BY number LIMIT ?"));
  query.bind(1, after).bind(2, static_cast<std::int64_t>(limit));
  return platform::read_rows(query, read_change);
}

}  // namespace caretaker::server
