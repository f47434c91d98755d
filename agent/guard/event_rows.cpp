#include "agent/guard/event_rows.h"

#include "agent/guard/event_schema.h"

namespace caretaker::agent {
namespace {

constexpr std::uint64_t kRowBytes = 160;  // link, tag, numbers and their share of the page
constexpr std::int64_t kMostGroups = std::int64_t{1} << 62;

// A hash or id that was stored as a blob; another size can only be damage.
template <std::size_t N>
Result<std::array<std::uint8_t, N>> fixed(const platform::Statement& row, int column) {
  auto bytes = to_array<N>(row.blob(column));
  if (!bytes) return make_error(ErrorCode::kDamaged, "a stored value has a wrong size");
  return bytes;
}

Result<sync::ChainHead> head_at(const platform::Statement& row, int seq_column) {
  TRY(link, fixed<32>(row, seq_column + 1));
  return sync::ChainHead{static_cast<std::uint64_t>(row.integer(seq_column)), link};
}

std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

Result<EpochRow> read_epoch(const platform::Statement& row) {
  EpochRow epoch;
  epoch.number = row.integer(0);
  TRY(id, fixed<16>(row, 1));
  TRY(previous_head, head_at(row, 5));
  TRY(head, head_at(row, 7));
  TRY(acknowledged, head_at(row, 9));
  epoch.id = id;
  epoch.start = {row.blob(2), std::nullopt, previous_head, row.text(3)};
  if (!row.is_null(4)) {
    TRY(previous, fixed<16>(row, 4));
    epoch.start.previous = previous;
  }
  epoch.head = head;
  epoch.acknowledged = acknowledged;
  epoch.offered_seq = static_cast<std::uint64_t>(row.integer(11));
  epoch.receipt = row.blob(12);
  epoch.receipt_time = row.integer(13);
  return epoch;
}

Result<EventRank> rank_at(const platform::Statement& row, int column) {
  const std::int64_t value = row.integer(column);
  if (value < 0 || value > static_cast<std::int64_t>(EventRank::kOwn)) {
    return make_error(ErrorCode::kDamaged, "a stored rank does not exist");
  }
  return static_cast<EventRank>(value);
}

Result<EntryRow> read_entry(const platform::Statement& row) {
  EntryRow out;
  TRY(link, fixed<32>(row, 3));
  TRY(tag, fixed<32>(row, 4));
  TRY(rank, rank_at(row, 5));
  out.entry = {static_cast<std::uint64_t>(row.integer(0)), static_cast<std::uint64_t>(row.integer(1)), row.blob(2),
               link, tag};
  out.rank = rank;
  out.acknowledged = !row.is_null(6);
  out.sealed = row.blob(7);
  return out;
}

}  // namespace

std::uint64_t entry_bytes(const EntryRow& row) {
  return kRowBytes + row.entry.body.size() + (row.sealed.empty() ? 0 : row.sealed.size() + kRowBytes / 4);
}

Result<EventRows> EventRows::open(const std::filesystem::path& path, bool check) {
  TRY(database, platform::Database::open(path));
  if (check) TRY_DONE(database.check());
  // Zeroing pages that become free would need room in the log just when there is none; what they hold is sealed.
  TRY_DONE(database.execute("PRAGMA secure_delete=FAST"));
  TRY_DONE(platform::migrate(database, event_schema()));
  if (check) TRY_DONE(platform::check_tables(database, event_schema()));
  return EventRows(std::move(database));
}

Result<std::uint64_t> EventRows::spare_bytes() {
  TRY(pages, database_.number_of("PRAGMA freelist_count"));
  TRY(page_size, database_.number_of("PRAGMA page_size"));
  return static_cast<std::uint64_t>(pages * page_size);
}

Status EventRows::make_spare(std::uint64_t bytes) {
  TRY(insert, database_.prepare("INSERT INTO spare (filler) VALUES (zeroblob(?))"));
  TRY_DONE(insert.bind(1, number(bytes)).run());
  TRY_DONE(database_.execute("DELETE FROM spare"));
  return database_.checkpoint();
}

Result<std::optional<BookOwner>> EventRows::owner() {
  TRY(query, database_.prepare("SELECT school, device FROM owner"));
  TRY(row, query.step());
  if (!row) return std::optional<BookOwner>();
  TRY(school, fixed<32>(query, 0));
  TRY(device, fixed<32>(query, 1));
  return std::optional<BookOwner>({school, device});
}

Status EventRows::set_owner(const BookOwner& owner) {
  TRY(insert, database_.prepare("INSERT INTO owner (one, school, device) VALUES (1, ?, ?)"));
  return insert.bind(1, ByteView(owner.school)).bind(2, ByteView(owner.device)).run();
}

Result<std::vector<EpochRow>> EventRows::epochs() {
  TRY(query,
      database_.prepare(
          "SELECT number, id, sealed_key, reason, previous, previous_seq, previous_link, head_seq, head_link,"
          " acknowledged_seq, acknowledged_link, offered_seq, receipt, receipt_time FROM epoch ORDER BY number"));
  TRY(epochs, platform::read_rows(query, read_epoch));
  for (EpochRow& epoch : epochs) {
    TRY(known, known_after(epoch.number, epoch.acknowledged));
    epoch.acknowledged = known;
  }
  return epochs;
}

Result<std::int64_t> EventRows::add_epoch(const EpochRow& row) {
  TRY(insert,
      database_.prepare("INSERT INTO epoch (id, sealed_key, reason, previous, previous_seq, previous_link, head_seq,"
                        " head_link, acknowledged_seq, acknowledged_link, offered_seq, receipt, receipt_time)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, 0)"));
  insert.bind(1, ByteView(row.id)).bind(2, ByteView(row.start.sealed_key)).bind(3, std::string_view(row.start.reason));
  if (row.start.previous) insert.bind(4, ByteView(*row.start.previous));
  insert.bind(5, number(row.start.previous_head.seq)).bind(6, ByteView(row.start.previous_head.link));
  insert.bind(7, number(row.head.seq)).bind(8, ByteView(row.head.link));
  insert.bind(9, number(row.acknowledged.seq)).bind(10, ByteView(row.acknowledged.link));
  TRY_DONE(insert.run());
  TRY(query, database_.prepare("SELECT number FROM epoch WHERE id = ?"));
  TRY(found, query.bind(1, ByteView(row.id)).step());
  if (!found) return make_error(ErrorCode::kDamaged, "an epoch that was just written is not there");
  return query.integer(0);
}

Status EventRows::remove_epoch(std::int64_t number) {
  for (const char* sql : {"DELETE FROM sealed WHERE epoch = ?", "DELETE FROM entry WHERE epoch = ?", "DELETE FROM epoch WHERE number = ?"}) {
    TRY(statement, database_.prepare(sql));
    TRY_DONE(statement.bind(1, number).run());
  }
  return ok();
}

Status EventRows::set_head(std::int64_t epoch, const sync::ChainHead& head) {
  TRY(update, database_.prepare("UPDATE epoch SET head_seq = ?, head_link = ? WHERE number = ?"));
  return update.bind(1, number(head.seq)).bind(2, ByteView(head.link)).bind(3, epoch).run();
}

Status EventRows::set_offered(std::int64_t epoch, std::uint64_t seq) {
  TRY(update, database_.prepare("UPDATE epoch SET offered_seq = ? WHERE number = ?"));
  return update.bind(1, number(seq)).bind(2, epoch).run();
}

Result<std::uint64_t> EventRows::mark_known(std::int64_t epoch, const sync::ChainHead& head, std::int64_t when) {
  const std::string waiting = " FROM entry WHERE epoch = ?1 AND seq_to > (SELECT acknowledged_seq FROM epoch WHERE number = ?1) AND seq_to <= ?2"
                              " AND acknowledged IS NULL";
  TRY(query, database_.prepare("SELECT COUNT(body)" + waiting));
  TRY_DONE(query.bind(1, epoch).bind(2, number(head.seq)).step());
  const auto confirmed = static_cast<std::uint64_t>(query.integer(0));
  TRY(entries, database_.prepare("UPDATE entry SET acknowledged = ?3 WHERE epoch = ?1 AND seq_to IN (SELECT seq_to" + waiting + ")"));
  TRY_DONE(entries.bind(1, epoch).bind(2, number(head.seq)).bind(3, when).run());
  TRY(update, database_.prepare("UPDATE epoch SET acknowledged_seq = ?, acknowledged_link = ? WHERE number = ?"));
  TRY_DONE(update.bind(1, number(head.seq)).bind(2, ByteView(head.link)).bind(3, epoch).run());
  return confirmed;
}

Result<std::uint64_t> EventRows::acknowledge(std::int64_t epoch, const sync::ChainHead& head, UnixSeconds time, ByteView receipt) {
  std::uint64_t confirmed = 0;
  TRY_DONE(database_.transaction([&]() -> Status {
    TRY(marked, mark_known(epoch, head, time));
    confirmed = marked;
    TRY(update, database_.prepare("UPDATE epoch SET receipt = ?, receipt_time = ? WHERE number = ?"));
    return update.bind(1, receipt).bind(2, time).bind(3, epoch).run();
  }));
  return confirmed;
}

Status EventRows::mark_carried(std::int64_t epoch, const sync::ChainHead& head, UnixSeconds time) {
  TRY_DONE(mark_known(epoch, head, -time));
  return ok();
}

Result<bool> EventRows::is_carried(std::int64_t epoch, std::uint64_t seq) {
  TRY(query, database_.prepare("SELECT 1 FROM entry WHERE epoch = ? AND seq_to = ? AND acknowledged < 0"));
  return query.bind(1, epoch).bind(2, number(seq)).step();
}

Result<std::uint64_t> EventRows::own_end(std::int64_t epoch) {
  TRY(query, database_.prepare("SELECT seq_to FROM entry WHERE epoch = ?1 AND (acknowledged IS NULL OR acknowledged >= 0 OR"
                               " epoch = (SELECT MAX(number) FROM epoch)) ORDER BY seq_to DESC LIMIT 1"));
  TRY(row, query.bind(1, epoch).step());
  return row ? static_cast<std::uint64_t>(query.integer(0)) : 0;
}

Result<sync::ChainHead> EventRows::known_after(std::int64_t epoch, const sync::ChainHead& place) {
  TRY(own, own_end(epoch));
  if (place.seq < own) return place;
  TRY(end, end_before(epoch, INT64_MAX));
  return end && end->seq > place.seq ? *end : place;
}

Status EventRows::show_beginning(std::int64_t epoch) {
  TRY(update, database_.prepare("UPDATE entry SET acknowledged = NULL WHERE epoch = ? AND seq_to = 1"));
  return update.bind(1, epoch).run();
}

Status EventRows::rewind(std::int64_t epoch, const sync::ChainHead& head) {
  return database_.transaction([&]() -> Status {
    TRY(own, own_end(epoch));
    TRY(entries, database_.prepare("UPDATE entry SET acknowledged = NULL WHERE epoch = ? AND seq_to > ? AND seq_to <= ?"));
    TRY_DONE(entries.bind(1, epoch).bind(2, number(head.seq)).bind(3, number(own)).run());
    TRY(update, database_.prepare(
                    "UPDATE epoch SET acknowledged_seq = ?, acknowledged_link = ?, offered_seq = 0 WHERE number = ?"));
    return update.bind(1, number(head.seq)).bind(2, ByteView(head.link)).bind(3, epoch).run();
  });
}

Status EventRows::add_entry(std::int64_t epoch, const EntryRow& row) {
  TRY(insert,
      database_.prepare("INSERT INTO entry (epoch, seq_to, seq_from, body, link, tag, rank, bytes, acknowledged)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)"));
  insert.bind(1, epoch).bind(2, number(row.entry.to)).bind(3, number(row.entry.from)).bind(4, ByteView(row.entry.body));
  insert.bind(5, ByteView(row.entry.link)).bind(6, ByteView(row.entry.tag));
  TRY_DONE(insert.bind(7, static_cast<std::int64_t>(row.rank)).bind(8, number(entry_bytes(row))).run());
  if (row.sealed.empty()) return ok();
  TRY(beside, database_.prepare("INSERT INTO sealed (epoch, seq, details) VALUES (?, ?, ?)"));
  return beside.bind(1, epoch).bind(2, number(row.entry.to)).bind(3, ByteView(row.sealed)).run();
}

Result<std::vector<EntryRow>> EventRows::entries(std::int64_t epoch, std::uint64_t from_seq, std::size_t limit) {
  TRY(query, database_.prepare("SELECT seq_from, seq_to, body, link, tag, rank, acknowledged, details FROM entry"
                               " LEFT JOIN sealed ON sealed.epoch = entry.epoch AND sealed.seq = entry.seq_to"
                               " WHERE entry.epoch = ? AND seq_to >= ? ORDER BY seq_to LIMIT ?"));
  query.bind(1, epoch).bind(2, number(from_seq)).bind(3, number(limit));
  return platform::read_rows(query, read_entry);
}

Result<std::vector<EntryRow>> EventRows::waiting(std::int64_t epoch, std::uint64_t from_seq, std::size_t limit) {
  TRY(own, own_end(epoch));
  TRY(found, entries(epoch, from_seq, limit));
  std::erase_if(found, [&](const EntryRow& row) { return row.entry.to > own; });
  return found;
}

Result<std::optional<sync::ChainHead>> EventRows::end_before(std::int64_t epoch, std::uint64_t seq) {
  TRY(query,
      database_.prepare("SELECT seq_to, link FROM entry WHERE epoch = ? AND seq_to <= ? ORDER BY seq_to DESC LIMIT 1"));
  TRY(row, query.bind(1, epoch).bind(2, number(seq)).step());
  if (!row) return std::optional<sync::ChainHead>();
  TRY(head, head_at(query, 0));
  return std::optional<sync::ChainHead>(head);
}

Result<EventRows::Part> EventRows::entries_up_to(std::int64_t epoch, std::uint64_t from, std::uint64_t to, std::uint64_t limit) {
  TRY(query, database_.prepare("SELECT COUNT(*), MAX(seq_to) FROM (SELECT seq_to FROM entry WHERE epoch = ? AND seq_to BETWEEN ? AND ?"
                               " ORDER BY seq_to LIMIT ?)"));
  TRY_DONE(query.bind(1, epoch).bind(2, number(from)).bind(3, number(to)).bind(4, number(limit)).step());
  return Part{static_cast<std::uint64_t>(query.integer(0)), static_cast<std::uint64_t>(query.integer(1))};
}

Status EventRows::make_stub(const StubPlan& plan) {
  const auto bind_range = [&plan](platform::Statement& statement) -> platform::Statement& {
    return statement.bind(1, plan.epoch).bind(2, number(plan.from)).bind(3, number(plan.to));
  };
  TRY(beside, database_.prepare("DELETE FROM sealed WHERE epoch = ? AND seq BETWEEN ? AND ?"));
  TRY_DONE(bind_range(beside).run());
  // All but the last one of them, whose link and tag are the stub's.
  TRY(before, database_.prepare("DELETE FROM entry WHERE epoch = ? AND seq_to >= ? AND seq_to < ?"));
  TRY_DONE(bind_range(before).run());
  TRY(last, database_.prepare(
                "UPDATE entry SET seq_from = ?2, body = NULL, rank = 0, bytes = ?4 WHERE epoch = ?1 AND seq_to = ?3"));
  TRY_DONE(bind_range(last).bind(4, number(kRowBytes)).run());
  if (database_.changes() != 1) return make_error(ErrorCode::kDamaged, "the last entry of a stub is not there");
  return ok();
}

Result<BookUse> EventRows::use() {
  TRY(query, database_.prepare(
                 "SELECT rank, SUM(bytes), SUM(acknowledged IS NULL AND body IS NOT NULL) FROM entry GROUP BY rank"));
  BookUse use;
  for (;;) {
    TRY(row, query.step());
    if (!row) return use;
    TRY(rank, rank_at(query, 0));
    use.bytes.add(rank, static_cast<std::uint64_t>(query.integer(1)));
    use.queued += static_cast<std::uint64_t>(query.integer(2));
  }
}

Result<std::vector<QuotaRow>> EventRows::quota_rows() {
  TRY(query, database_.prepare("SELECT entry.epoch, seq_from, seq_to, rank, body IS NULL, COALESCE(acknowledged, 0),"
                               " seq_to = offered_seq, bytes FROM entry JOIN epoch ON epoch.number = entry.epoch"
                               " ORDER BY entry.epoch, seq_to"));
  std::vector<QuotaRow> out;
  for (;;) {
    TRY(row, query.step());
    if (!row) return out;
    TRY(rank, rank_at(query, 3));
    out.push_back({query.integer(0), static_cast<std::uint64_t>(query.integer(1)),
                   static_cast<std::uint64_t>(query.integer(2)), rank, query.integer(4) != 0, query.integer(5),
                   query.integer(6) != 0, static_cast<std::uint64_t>(query.integer(7))});
  }
}

Result<ToldGroups> EventRows::told() {
  TRY(query, database_.prepare("SELECT number, id FROM told_group ORDER BY number"));
  ToldGroups told;
  for (;;) {
    TRY(row, query.step());
    if (!row) return told;
    const auto group = to_array<16>(query.blob(1));
    const bool is_one = group && query.integer(0) >= 0 && query.integer(0) < kMostGroups;
    if (is_one) told.add(query.integer(0), *group);  // else a row that a rotten bit has turned: no reason to lose the book
  }
}

Status EventRows::add_told(const ToldGroups& told, const GroupId& group) {
  TRY(insert, database_.prepare("INSERT OR REPLACE INTO told_group (place, number, id) VALUES (?, ?, ?)"));
  return insert.bind(1, told.next() % ToldGroups::kKept).bind(2, told.next()).bind(3, ByteView(group)).run();
}

}  // namespace caretaker::agent
