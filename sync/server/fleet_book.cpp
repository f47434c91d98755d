// FleetStore: epochs, batches, events, holes, quarantine.
#include "sync/server/fleet_store.h"

namespace caretaker::server {
namespace {

constexpr int kMaxQuarantined = 20;  // of one device: enough to judge a fork by, too few to fill a disk with

Result<EventRow> read_event(const platform::Statement& row) {
  TRY(device, to_array<32>(row.blob(1)));
  TRY(epoch, to_array<16>(row.blob(2)));
  return EventRow{row.integer(0), device, row.text(8), epoch, static_cast<std::uint64_t>(row.integer(3)),
                  static_cast<std::uint64_t>(row.integer(4)), row.integer(5), row.blob(6), row.blob(7)};
}

std::int64_t number(std::uint64_t seq) { return static_cast<std::int64_t>(seq); }

}  // namespace

Result<std::optional<HeldEpoch>> FleetStore::epoch(const sync::DeviceId& device, const sync::EpochId& epoch) {
  TRY(query, database_.prepare("SELECT last_seq, head, ratchet_key, asked FROM epochs WHERE device = ? AND epoch = ?"));
  query.bind(1, ByteView(device)).bind(2, ByteView(epoch));
  TRY(found, query.step());
  if (!found) return std::optional<HeldEpoch>();
  TRY(link, to_array<32>(query.blob(1)));
  TRY(key, to_array<32>(query.blob(2)));
  const auto seq = static_cast<std::uint64_t>(query.integer(0));
  return std::optional<HeldEpoch>(HeldEpoch{{seq, link}, {seq + 1, SecretKey(key)}, query.integer(3) != 0});
}

Status FleetStore::add_epoch(const sync::Batch& first, const HeldEpoch& held, UnixSeconds now) {
  TRY(insert, database_.prepare("INSERT INTO epochs (device, epoch, opened, reason, previous, previous_seq, previous_link, "
                                "last_seq, head, ratchet_key, asked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"));
  const auto& start = *first.epoch_start;
  insert.bind(1, ByteView(first.device)).bind(2, ByteView(first.epoch)).bind(3, now).bind(4, std::string_view(start.reason));
  if (start.previous) {
    insert.bind(5, ByteView(*start.previous)).bind(6, number(start.previous_head.seq)).bind(7, ByteView(start.previous_head.link));
  }
  return insert.bind(8, number(held.head.seq)).bind(9, ByteView(held.head.link)).bind(10, held.next_key.key.view()).run();
}

Status FleetStore::advance_epoch(const sync::DeviceId& device, const sync::EpochId& epoch, const sync::ChainHead& before,
                                 const sync::VerifiedChain& after) {
  TRY(update, database_.prepare("UPDATE epochs SET last_seq = ?, head = ?, ratchet_key = ?, asked = 0 "
                                "WHERE device = ? AND epoch = ? AND last_seq = ? AND head = ?"));
  TRY_DONE(update.bind(1, number(after.head.seq)).bind(2, ByteView(after.head.link)).bind(3, after.next_key.key.view())
               .bind(4, ByteView(device)).bind(5, ByteView(epoch)).bind(6, number(before.seq)).bind(7, ByteView(before.link)).run());
  if (database_.changes() == 1) return ok();
  return make_error(ErrorCode::kConflict, "the epoch has moved on meanwhile");
}

Status FleetStore::mark_asked(const sync::DeviceId& device, const sync::EpochId& epoch) {
  TRY(update, database_.prepare("UPDATE epochs SET asked = 1 WHERE device = ? AND epoch = ?"));
  return update.bind(1, ByteView(device)).bind(2, ByteView(epoch)).run();
}

Result<std::int64_t> FleetStore::add_batch(const sync::Batch& batch, ByteView envelope, ByteView receipt, UnixSeconds now) {
  TRY(insert, database_.prepare("INSERT INTO batches (device, epoch, seq_from, seq_to, received, envelope, receipt) "
                                "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id"));
  insert.bind(1, ByteView(batch.device)).bind(2, ByteView(batch.epoch)).bind(3, number(batch.seq_from))
      .bind(4, number(batch.seq_to)).bind(5, now).bind(6, envelope)
      .bind(7, receipt);
  TRY(made, insert.step());
  return made ? Result<std::int64_t>(insert.integer(0)) : make_error(ErrorCode::kInternal, "the new row has no id");
}

Status FleetStore::add_event(const sync::Batch& batch, std::int64_t batch_row, const sync::ChainEntry& entry, const Hash& link,
                             ByteView sealed, UnixSeconds now) {
  TRY(insert, database_.prepare("INSERT INTO events (device, epoch, seq_from, seq_to, link, body, batch, received) "
                                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"));
  insert.bind(1, ByteView(batch.device)).bind(2, ByteView(batch.epoch)).bind(3, number(entry.from)).bind(4, number(entry.to))
      .bind(5, ByteView(link)).bind(6, ByteView(entry.body)).bind(7, batch_row).bind(8, now);
  TRY(made, insert.step());
  if (!made || sealed.empty()) return ok();
  TRY(beside, database_.prepare("INSERT INTO sealed (event, details) VALUES (?, ?)"));
  return beside.bind(1, insert.integer(0)).bind(2, sealed).run();
}

Result<std::map<std::uint64_t, Hash>> FleetStore::links(const sync::DeviceId& device, const sync::EpochId& epoch,
                                                        std::uint64_t first, std::uint64_t last) {
  TRY(query, database_.prepare("SELECT seq_to, link FROM events WHERE device = ? AND epoch = ? AND seq_to BETWEEN ? AND ?"));
  query.bind(1, ByteView(device)).bind(2, ByteView(epoch)).bind(3, number(first)).bind(4, number(last));
  std::map<std::uint64_t, Hash> out;
  while (true) {
    TRY(found, query.step());
    if (!found) return out;
    TRY(link, to_array<32>(query.blob(1)));
    out.emplace(static_cast<std::uint64_t>(query.integer(0)), link);
  }
}

Status FleetStore::add_hole(const sync::DeviceId& device, const sync::EpochId& epoch, std::uint64_t from, std::uint64_t to,
                            std::string_view lost_by, UnixSeconds now) {
  TRY(insert, database_.prepare("INSERT INTO holes (device, epoch, seq_from, seq_to, lost_by, noted) VALUES (?, ?, ?, ?, ?, ?) "
                                "ON CONFLICT DO UPDATE SET seq_to = max(seq_to, excluded.seq_to)"));
  return insert.bind(1, ByteView(device)).bind(2, ByteView(epoch)).bind(3, number(from)).bind(4, number(to)).bind(5, lost_by)
      .bind(6, now).run();
}

Result<std::vector<std::pair<sync::EpochId, std::optional<sync::ChainHead>>>> FleetStore::unfinished(const sync::DeviceId& device,
                                                                                                   std::size_t limit) {
  TRY(query, database_.prepare("SELECT h.epoch, e.last_seq, e.head FROM holes h LEFT JOIN epochs e "
                               "ON e.device = h.device AND e.epoch = h.epoch WHERE h.device = ? AND h.lost_by = 'device' "
                               "GROUP BY h.epoch ORDER BY max(h.noted) DESC, h.epoch LIMIT ?"));
  query.bind(1, ByteView(device)).bind(2, static_cast<std::int64_t>(limit));
  using EpochAndHead = std::pair<sync::EpochId, std::optional<sync::ChainHead>>;
  return platform::read_rows(query, [](const platform::Statement& row) -> Result<EpochAndHead> {
    TRY(epoch, to_array<16>(row.blob(0)));
    if (row.is_null(1)) return EpochAndHead{epoch, std::nullopt};
    TRY(link, to_array<32>(row.blob(2)));
    return EpochAndHead{epoch, sync::ChainHead{static_cast<std::uint64_t>(row.integer(1)), link}};
  });
}

Status FleetStore::close_holes(const sync::DeviceId& device, const sync::EpochId& epoch, std::uint64_t seq) {
  TRY(shorten, database_.prepare("UPDATE holes SET seq_from = ?3 + 1 WHERE device = ?1 AND epoch = ?2 AND seq_from <= ?3 "
                                 "AND lost_by = 'device'"));
  TRY_DONE(shorten.bind(1, ByteView(device)).bind(2, ByteView(epoch)).bind(3, number(seq)).run());
  if (database_.changes() == 0) return ok();
  TRY(remove, database_.prepare("DELETE FROM holes WHERE device = ? AND epoch = ? AND seq_from > seq_to"));
  return remove.bind(1, ByteView(device)).bind(2, ByteView(epoch)).run();
}

Status FleetStore::add_quarantine(const sync::DeviceId& device, std::string_view reason, ByteView envelope, UnixSeconds now) {
  TRY(query, database_.prepare("SELECT count(*) FROM quarantine WHERE device = ? AND reason = ?"));  // so that the one kind hides no other
  TRY_DONE(query.bind(1, ByteView(device)).bind(2, reason).step());
  const bool is_full = query.integer(0) >= kMaxQuarantined;
  query.reset();
  if (is_full) {  // that there are still more of them is kept all the same
    TRY(update, database_.prepare("UPDATE quarantine SET received = max(received, ?3) WHERE hash = (SELECT hash FROM quarantine WHERE device = ?1 AND reason = ?2 LIMIT 1)"));
    return update.bind(1, ByteView(device)).bind(2, reason).bind(3, now).run();
  }
  TRY(insert, database_.prepare("INSERT INTO quarantine (hash, device, reason, received, envelope) VALUES (?, ?, ?, ?, ?) "
                                "ON CONFLICT (hash) DO NOTHING"));
  const Hash id = hash(envelope);
  return insert.bind(1, ByteView(id)).bind(2, ByteView(device)).bind(3, reason).bind(4, now).bind(5, envelope).run();
}

Result<std::vector<EventRow>> FleetStore::events(std::int64_t after, const std::optional<sync::DeviceId>& device, int limit) {
  TRY(query, database_.prepare("SELECT e.id, e.device, e.epoch, e.seq_from, e.seq_to, e.received, e.body, s.details, d.label "
                               "FROM events e JOIN devices d ON d.id = e.device LEFT JOIN sealed s ON s.event = e.id "
                               "WHERE e.id > ?1 AND (?2 IS NULL OR e.device = ?2) ORDER BY e.id LIMIT ?3"));
  query.bind(1, after).bind(3, static_cast<std::int64_t>(limit));
  if (device) query.bind(2, ByteView(*device));
  return platform::read_rows(query, read_event);
}

}  // namespace caretaker::server
