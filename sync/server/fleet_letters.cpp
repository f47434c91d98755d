// FleetStore: letters, and what became of them.
#include "sync/server/fleet_store.h"

namespace caretaker::server {
namespace {

std::optional<sync::DeviceId> device_or_all(const platform::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  const auto device = to_array<32>(row.blob(column));
  return device ? std::optional<sync::DeviceId>(*device) : std::nullopt;
}

// Columns: id, type, device, until, envelope, published.
Result<LetterRow> read_letter(const platform::Statement& row) {
  TRY(id, to_array<16>(row.blob(0)));
  return LetterRow{id, row.text(1), device_or_all(row, 2), row.integer(3), row.blob(4), row.integer(5)};
}

}  // namespace

Status FleetStore::add_letter(const LetterRow& row, UnixSeconds now) {
  return together([&]() -> Status {
    TRY(remove, database_.prepare("DELETE FROM letters WHERE id = ?"));
    TRY_DONE(remove.bind(1, ByteView(row.id)).run());
    TRY(forget, database_.prepare("DELETE FROM letter_answers WHERE letter = ? AND answer IS NOT 'taken'"));
    TRY_DONE(forget.bind(1, ByteView(row.id)).run());
    TRY(insert, database_.prepare("INSERT INTO letters (id, type, device, until, published, envelope) VALUES (?, ?, ?, ?, ?, ?)"));
    insert.bind(1, ByteView(row.id)).bind(2, std::string_view(row.type)).bind(4, row.until).bind(5, now).bind(6, ByteView(row.envelope));
    if (row.device) insert.bind(3, ByteView(*row.device));
    TRY_DONE(insert.run());
    return append_change("letter", row.envelope, now);
  });
}

Result<std::optional<LetterRow>> FleetStore::letter(const sync::LetterId& id) {
  TRY(query, database_.prepare("SELECT id, type, device, until, envelope, published FROM letters WHERE id = ?"));
  query.bind(1, ByteView(id));
  TRY(found, query.step());
  if (!found) return std::optional<LetterRow>();
  TRY(row, read_letter(query));
  return std::optional<LetterRow>(std::move(row));
}

Result<std::vector<LetterRow>> FleetStore::letters_of(std::string_view type, UnixSeconds ends_after, std::size_t limit) {
  TRY(query, database_.prepare("SELECT id, type, device, until, envelope, published FROM letters WHERE type = ? AND until > ? "
                               "ORDER BY number DESC LIMIT ?"));
  query.bind(1, type).bind(2, ends_after).bind(3, static_cast<std::int64_t>(limit));
  return platform::read_rows(query, read_letter);
}

Result<std::vector<LetterRow>> FleetStore::letters_since(std::string_view type, UnixSeconds since) {
  TRY(query, database_.prepare("SELECT id, type, device, until, envelope, published FROM letters WHERE type = ? AND published >= ? ORDER BY number"));
  query.bind(1, type).bind(2, since);
  return platform::read_rows(query, read_letter);
}

Result<std::vector<Bytes>> FleetStore::give_letters(const sync::DeviceId& device, UnixSeconds now, std::size_t limit) {
  TRY(query, database_.prepare("SELECT l.envelope, l.id, a.given FROM letters l LEFT JOIN letter_answers a ON a.letter = l.id AND a.device = ?1 "
                               "WHERE l.until > ?2 AND (l.device IS NULL OR l.device = ?1) AND a.answered IS NULL "
                               "ORDER BY l.type <> ?4, l.device IS NULL, l.number LIMIT ?3"));  // orders before lessons
  query.bind(1, ByteView(device)).bind(2, now).bind(3, static_cast<std::int64_t>(limit)).bind(4, sync::payload_type_name(sync::PayloadType::kOrder));
  std::vector<Bytes> out;
  std::vector<Bytes> first;
  while (true) {
    TRY(found, query.step());
    if (!found) break;
    out.push_back(query.blob(0));
    if (query.is_null(2)) first.push_back(query.blob(1));
  }
  for (const Bytes& id : first) {
    TRY(insert, database_.prepare("INSERT INTO letter_answers (letter, device, given) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"));
    TRY_DONE(insert.bind(1, ByteView(id)).bind(2, ByteView(device)).bind(3, now).run());
  }
  return out;
}

Status FleetStore::answer_letter(const sync::LetterId& id, const sync::DeviceId& device, std::string_view answer, UnixSeconds now) {
  // Only on a letter that we have: a device's book may say anything.
  TRY(insert, database_.prepare("INSERT INTO letter_answers (letter, device, answer, answered) SELECT ?1, ?2, ?3, ?4 WHERE EXISTS "
                                "(SELECT 1 FROM letters WHERE id = ?1 AND (device IS NULL OR device = ?2)) ON CONFLICT DO UPDATE "
                                "SET answer = excluded.answer, answered = excluded.answered WHERE answer IS NOT 'taken'"));
  return insert.bind(1, ByteView(id)).bind(2, ByteView(device)).bind(3, answer).bind(4, now).run();
}

Status FleetStore::doubt_taken(const sync::LetterId& id, const sync::DeviceId& device, std::string_view answer) {
  TRY(update, database_.prepare("UPDATE letter_answers SET answer = NULLIF(?3, ''), answered = CASE ?3 WHEN '' THEN NULL ELSE answered END "
                                "WHERE letter = ?1 AND device = ?2 AND answer = 'taken'"));
  return update.bind(1, ByteView(id)).bind(2, ByteView(device)).bind(3, answer).run();
}

Result<std::vector<LetterAnswer>> FleetStore::letter_answers(const sync::LetterId& id) {
  TRY(query, database_.prepare("SELECT device, given, answer, answered FROM letter_answers WHERE letter = ?"));
  query.bind(1, ByteView(id));
  return platform::read_rows(query, [](const platform::Statement& row) -> Result<LetterAnswer> {
    TRY(device, to_array<32>(row.blob(0)));
    return LetterAnswer{device, row.integer(1), row.text(2), row.integer(3)};
  });
}

Result<PublishedNumbers> FleetStore::published_numbers() {
  TRY(query, database_.prepare("SELECT (SELECT max(version) FROM policies), (SELECT max(version) FROM lists WHERE file_here = 1), "
                               "(SELECT max(number) FROM letters), (SELECT max(number) FROM letters WHERE device IS NULL)"));
  TRY(found, query.step());
  if (!found) return PublishedNumbers{};
  return PublishedNumbers{query.integer(0), query.integer(1), query.integer(2), query.integer(3)};
}

Result<std::int64_t> FleetStore::letters_to(const sync::DeviceId& device) {
  return count("SELECT max(number) FROM letters WHERE device = ?", device);
}

Result<std::map<sync::DeviceId, std::int64_t>> FleetStore::letters_to_each() {
  TRY(query, database_.prepare("SELECT device, max(number) FROM letters WHERE device IS NOT NULL GROUP BY device"));
  std::map<sync::DeviceId, std::int64_t> out;
  while (true) {
    TRY(found, query.step());
    if (!found) return out;
    TRY(device, to_array<32>(query.blob(0)));
    out[device] = query.integer(1);
  }
}

}  // namespace caretaker::server
