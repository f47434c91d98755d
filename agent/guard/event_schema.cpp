#include "agent/guard/event_schema.h"

#include <array>

namespace caretaker::agent {
namespace {

// owner: whose book this is. epoch: one row for each unbroken chain; its head outlives the entries, so that no seq is
// used twice. entry: an event, or a stub (no body) for seq_from..seq_to; link and tag are those of seq_to;
// `acknowledged` is when the receipt came, or, negative, when the entry was written down anew in a later epoch. sealed:
// beside the chain, so that deleting it leaves the chain whole. told: groups stored already. spare: always empty; what
// is written there and deleted leaves the file pages to use when the disk is full.
constexpr const char* kFirst = R"sql(
CREATE TABLE owner (
  one INTEGER PRIMARY KEY CHECK (one = 1), school BLOB NOT NULL, device BLOB NOT NULL) STRICT;
CREATE TABLE epoch (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, sealed_key BLOB NOT NULL, reason TEXT NOT NULL,
  previous BLOB, previous_seq INTEGER NOT NULL, previous_link BLOB NOT NULL,
  head_seq INTEGER NOT NULL, head_link BLOB NOT NULL,
  acknowledged_seq INTEGER NOT NULL, acknowledged_link BLOB NOT NULL, offered_seq INTEGER NOT NULL,
  receipt BLOB, receipt_time INTEGER NOT NULL) STRICT;
CREATE TABLE entry (
  epoch INTEGER NOT NULL REFERENCES epoch (number), seq_to INTEGER NOT NULL, seq_from INTEGER NOT NULL,
  body BLOB, link BLOB NOT NULL, tag BLOB NOT NULL, rank INTEGER NOT NULL, bytes INTEGER NOT NULL, acknowledged INTEGER,
  PRIMARY KEY (epoch, seq_to)) STRICT, WITHOUT ROWID;
CREATE TABLE sealed (
  epoch INTEGER NOT NULL, seq INTEGER NOT NULL, details BLOB NOT NULL, PRIMARY KEY (epoch, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE told (number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE spare (filler BLOB NOT NULL) STRICT;
)sql";

// told_group, which takes told's place: so many places, used in turn (told_groups.h), and no index. One more group is one page written, where
// it was five.
constexpr const char* kToldInPlaces = R"sql(
CREATE TABLE told_group (place INTEGER PRIMARY KEY, number INTEGER NOT NULL, id BLOB NOT NULL) STRICT;
INSERT OR IGNORE INTO told_group (place, number, id) SELECT number % 1024, number, id FROM told ORDER BY number DESC LIMIT 1024;
DROP TABLE told;
)sql";

constexpr std::array<platform::Migration, 2> kSteps = {{{1, kFirst}, {2, kToldInPlaces}}};

}  // namespace

std::span<const platform::Migration> event_schema() {
  return kSteps;
}

}  // namespace caretaker::agent
