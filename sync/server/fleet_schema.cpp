#include "sync/server/fleet_schema.h"

#include <array>

namespace caretaker::server {
namespace {

// Envelopes are kept as the bytes that came, so that every signature can be checked again. Sealed parts lie in a table of
// their own: deleting one (retention, erasure) leaves the book whole.
constexpr const char* kFirst = R"sql(
CREATE TABLE roots (version INTEGER PRIMARY KEY, envelope BLOB NOT NULL) STRICT;
CREATE TABLE policies (version INTEGER PRIMARY KEY, envelope BLOB NOT NULL, published INTEGER NOT NULL) STRICT;
CREATE TABLE lists (
  version INTEGER PRIMARY KEY, envelope BLOB NOT NULL, published INTEGER NOT NULL,
  file BLOB NOT NULL, file_size INTEGER NOT NULL, file_here INTEGER NOT NULL) STRICT;
CREATE TABLE tokens (
  hash BLOB PRIMARY KEY, made INTEGER NOT NULL, made_by TEXT NOT NULL, expires INTEGER NOT NULL,
  used INTEGER, used_by BLOB) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
  id BLOB PRIMARY KEY, key BLOB NOT NULL, label TEXT NOT NULL, dmi_uuid TEXT NOT NULL, board_serial TEXT NOT NULL,
  enrolled INTEGER NOT NULL, last_seen INTEGER, state TEXT NOT NULL, problem TEXT NOT NULL, replaced_by BLOB)
  STRICT, WITHOUT ROWID;
CREATE TABLE epochs (
  device BLOB NOT NULL REFERENCES devices (id), epoch BLOB NOT NULL, opened INTEGER NOT NULL, reason TEXT NOT NULL,
  previous BLOB, previous_seq INTEGER, previous_link BLOB,
  last_seq INTEGER NOT NULL, head BLOB NOT NULL, ratchet_key BLOB NOT NULL, asked INTEGER NOT NULL,
  PRIMARY KEY (device, epoch)) STRICT, WITHOUT ROWID;
CREATE TABLE batches (
  id INTEGER PRIMARY KEY AUTOINCREMENT, device BLOB NOT NULL, epoch BLOB NOT NULL,
  seq_from INTEGER NOT NULL, seq_to INTEGER NOT NULL, received INTEGER NOT NULL, envelope BLOB NOT NULL,
  FOREIGN KEY (device, epoch) REFERENCES epochs (device, epoch)) STRICT;
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, device BLOB NOT NULL, epoch BLOB NOT NULL,
  seq_from INTEGER NOT NULL, seq_to INTEGER NOT NULL, link BLOB NOT NULL, body BLOB NOT NULL,
  batch INTEGER NOT NULL REFERENCES batches (id), received INTEGER NOT NULL,
  UNIQUE (device, epoch, seq_to)) STRICT;
CREATE TABLE sealed (event INTEGER PRIMARY KEY REFERENCES events (id), details BLOB NOT NULL) STRICT;
CREATE TABLE holes (
  device BLOB NOT NULL, epoch BLOB NOT NULL, seq_from INTEGER NOT NULL, seq_to INTEGER NOT NULL,
  lost_by TEXT NOT NULL, noted INTEGER NOT NULL, PRIMARY KEY (device, epoch, seq_from)) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
  hash BLOB PRIMARY KEY, device BLOB NOT NULL, reason TEXT NOT NULL, received INTEGER NOT NULL, envelope BLOB NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE INDEX quarantine_by_device ON quarantine (device);
CREATE TABLE nonces (nonce TEXT PRIMARY KEY, forget INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, signers TEXT NOT NULL, action TEXT NOT NULL,
  outcome TEXT NOT NULL) STRICT;
)sql";

constexpr const char* kRetention = R"sql(
CREATE TABLE retention_days (counted INTEGER PRIMARY KEY, clock INTEGER NOT NULL, last_event INTEGER NOT NULL) STRICT;
)sql";

// What is signed for one device (or for all: device is NULL) beside root, policy and lists, and what became of it at each device:
// given, and then answered by an event of its book, with "taken" or the number of the check that refused.
constexpr const char* kLetters = R"sql(
CREATE TABLE letters (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, type TEXT NOT NULL, device BLOB,
  until INTEGER NOT NULL, published INTEGER NOT NULL, envelope BLOB NOT NULL) STRICT;
CREATE INDEX letters_by_device ON letters (device, number);
CREATE INDEX letters_by_end ON letters (until);
CREATE TABLE letter_answers (
  letter BLOB NOT NULL, device BLOB NOT NULL, given INTEGER, answer TEXT, answered INTEGER,
  PRIMARY KEY (letter, device)) STRICT, WITHOUT ROWID;
)sql";

// What changes one set file into another, for devices that have the first. Beside them what was given to whom, and what a
// device has refused since.
constexpr const char* kPush = R"sql(
CREATE TABLE deltas (
  base BLOB NOT NULL, file BLOB NOT NULL, hash BLOB NOT NULL, size INTEGER NOT NULL, here INTEGER NOT NULL,
  PRIMARY KEY (base, file)) STRICT, WITHOUT ROWID;
CREATE INDEX deltas_by_hash ON deltas (hash);
CREATE TABLE given (
  device BLOB NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL, first INTEGER NOT NULL,
  PRIMARY KEY (device, kind)) STRICT, WITHOUT ROWID;
CREATE TABLE refused (
  device BLOB NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL, rule TEXT NOT NULL, told INTEGER NOT NULL,
  PRIMARY KEY (device, kind)) STRICT, WITHOUT ROWID;
CREATE TABLE changes (
  number INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, envelope BLOB NOT NULL, link BLOB NOT NULL) STRICT;
)sql";

// What a device's book says of an order, each state once and in this order; and what a wiped device left.
constexpr const char* kOrders = R"sql(
CREATE TABLE order_states (
  number INTEGER PRIMARY KEY AUTOINCREMENT, letter BLOB NOT NULL, state TEXT NOT NULL, time INTEGER NOT NULL, UNIQUE (letter, state)) STRICT;
CREATE TABLE wipe_certificates (
  device BLOB NOT NULL, letter BLOB NOT NULL, envelope BLOB NOT NULL, received INTEGER NOT NULL, PRIMARY KEY (device, letter))
  STRICT, WITHOUT ROWID;
)sql";

// What the server answered to a batch is kept beside it: it says when everything up to there was here. A hold keeps sealed parts
// from being deleted, of one book (epoch) or of all of a device; one that was lifted stays, with who did it and why.
constexpr const char* kEvidence = R"sql(
ALTER TABLE batches ADD COLUMN receipt BLOB;
CREATE INDEX batches_by_place ON batches (device, epoch, seq_to);
CREATE TABLE legal_holds (
  id INTEGER PRIMARY KEY AUTOINCREMENT, device BLOB NOT NULL, epoch BLOB, seq_from INTEGER NOT NULL, seq_to INTEGER NOT NULL,
  made INTEGER NOT NULL, made_by TEXT NOT NULL, reason TEXT NOT NULL,
  released INTEGER, released_by TEXT, release_reason TEXT) STRICT;
)sql";

// What somebody asked, as they signed it, and a chain over all of it (sync/audit_log.h). Rows from before have none of it.
constexpr const char* kAudit = R"sql(
ALTER TABLE audit ADD COLUMN request BLOB;
ALTER TABLE audit ADD COLUMN request_hash BLOB;
ALTER TABLE audit ADD COLUMN link BLOB;
)sql";

// What a device signed about itself when it enrolled, for the people who order something about it. Lists that a technician signed too.
constexpr const char* kNaming = R"sql(
ALTER TABLE devices ADD COLUMN enrolment BLOB;
ALTER TABLE lists ADD COLUMN countersigned INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr std::array<platform::Migration, 8> kSteps{
    {{1, kFirst}, {2, kRetention}, {3, kLetters}, {4, kPush}, {5, kOrders}, {6, kEvidence}, {7, kAudit}, {8, kNaming}}};

}  // namespace

std::span<const platform::Migration> fleet_schema() { return kSteps; }

}  // namespace caretaker::server
