// FleetStore: what is handed out as evidence, and what is kept for it.
#include "sync/server/fleet_store.h"

namespace caretaker::server {
namespace {

std::int64_t number(std::uint64_t seq) { return static_cast<std::int64_t>(seq); }

Result<LegalHold> read_hold(const platform::Statement& row) {
  LegalHold hold;
  TRY(device, to_array<32>(row.blob(1)));
  hold.id = row.integer(0);
  hold.range = {device, std::nullopt, static_cast<std::uint64_t>(row.integer(3)), static_cast<std::uint64_t>(row.integer(4))};
  if (!row.is_null(2)) {
    TRY(epoch, to_array<16>(row.blob(2)));
    hold.range.epoch = epoch;
  }
  hold.made = row.integer(5);
  hold.made_by = row.text(6);
  hold.reason = row.text(7);
  if (row.is_null(8)) return hold;
  hold.released = row.integer(8);
  hold.released_by = row.text(9);
  hold.release_reason = row.text(10);
  return hold;
}

}  // namespace

// Each batch that was kept brought something new, so that they ended one after the other.
Result<std::vector<KeptBatch>> FleetStore::batches_of(const BookRange& range, std::size_t limit) {
  TRY(query, database_.prepare("SELECT seq_to, envelope, receipt FROM batches WHERE device = ?1 AND epoch = ?2 AND seq_to >= ?3 AND seq_from <= ?4 "
                               "ORDER BY seq_to LIMIT ?5"));
  query.bind(1, ByteView(range.device)).bind(2, range.epoch ? ByteView(*range.epoch) : ByteView()).bind(3, number(range.from));
  query.bind(4, number(range.to)).bind(5, static_cast<std::int64_t>(limit));
  return platform::read_rows(query, [](const platform::Statement& row) -> Result<KeptBatch> {
    return KeptBatch{static_cast<std::uint64_t>(row.integer(0)), row.blob(1), row.is_null(2) ? Bytes() : row.blob(2)};
  });
}

Result<std::optional<Bytes>> FleetStore::sealed_at(const sync::DeviceId& device, const sync::EpochId& epoch, std::uint64_t seq) {
  TRY(query, database_.prepare("SELECT s.details FROM events e JOIN sealed s ON s.event = e.id WHERE e.device = ? AND e.epoch = ? AND e.seq_to = ?"));
  query.bind(1, ByteView(device)).bind(2, ByteView(epoch)).bind(3, number(seq));
  TRY(found, query.step());
  return found ? std::optional(query.blob(0)) : std::optional<Bytes>();
}

Result<std::int64_t> FleetStore::add_legal_hold(const BookRange& range, std::string_view by, std::string_view reason, UnixSeconds now) {
  TRY(insert, database_.prepare("INSERT INTO legal_holds (device, epoch, seq_from, seq_to, made, made_by, reason) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id"));
  insert.bind(1, ByteView(range.device)).bind(3, number(range.from)).bind(4, number(range.to)).bind(5, now).bind(6, by).bind(7, reason);
  if (range.epoch) insert.bind(2, ByteView(*range.epoch));
  TRY(made, insert.step());
  return made ? Result<std::int64_t>(insert.integer(0)) : make_error(ErrorCode::kInternal, "the new row has no id");
}

Status FleetStore::release_legal_hold(std::int64_t id, std::string_view by, std::string_view reason, UnixSeconds now) {
  TRY(update, database_.prepare("UPDATE legal_holds SET released = ?, released_by = ?, release_reason = ? WHERE id = ? AND released IS NULL"));
  TRY_DONE(update.bind(1, now).bind(2, by).bind(3, reason).bind(4, id).run());
  return database_.changes() == 1 ? ok() : make_error(ErrorCode::kNotFound, "no hold of this number is in force");
}

Result<std::vector<LegalHold>> FleetStore::legal_holds() {
  TRY(query, database_.prepare("SELECT id, device, epoch, seq_from, seq_to, made, made_by, reason, released, released_by, release_reason "
                               "FROM legal_holds ORDER BY id"));
  return platform::read_rows(query, read_hold);
}

}  // namespace caretaker::server
