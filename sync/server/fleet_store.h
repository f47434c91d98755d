// What the server knows, in one SQLite file with one connection. One thread. A plain class over plain tables: what may be
// written, and when, is decided by ingest, enrol and staff, inside transaction().
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "platform/sqlite.h"
#include "sync/audit_log.h"
#include "sync/batch.h"
#include "sync/bundle.h"
#include "sync/enrolment.h"
#include "sync/letter.h"

namespace caretaker::server {

struct DeviceRow {
  sync::DeviceId id{};
  PublicKey key{};
  std::string label;
  sync::Hardware hardware;
  UnixSeconds enrolled = 0;
  std::optional<UnixSeconds> last_seen;
  std::string state;    // JSON, as the device last reported it
  std::string problem;  // "" or a stable word: "fork", "chain", "clone", "replaced", "gap", "unknown-epoch"
  std::optional<sync::DeviceId> replaced_by;
};

// Records of one device: of one book, or of all that it has and will have.
struct BookRange {
  sync::DeviceId device{};
  std::optional<sync::EpochId> epoch;
  std::uint64_t from = 1;
  std::uint64_t to = 1;
};

// A batch as it came, and what was answered; empty: by a server that kept no receipts yet.
struct KeptBatch {
  std::uint64_t seq_to = 0;
  Bytes envelope;
  Bytes receipt;
};

// What keeps sealed parts from being deleted.
struct LegalHold {
  std::int64_t id = 0;
  BookRange range;
  UnixSeconds made = 0;
  std::string made_by;
  std::string reason;
  std::optional<UnixSeconds> released;
  std::string released_by;
  std::string release_reason;
};

// What the technician sees of a device's books beyond its row.
struct DeviceBook {
  std::optional<sync::EpochId> epoch;  // the newest
  std::int64_t last_seq = 0;           // of it
  std::int64_t holes = 0;              // of all
  std::int64_t quarantined = 0;        // batches that did not fit and are kept as they came
  std::int64_t forks = 0;              // of them: they contradict what is here
  UnixSeconds last_quarantined = 0;    // when the newest of them came; 0: none did
};

// Where the server stands in one epoch: the last link, and the key that verifies the next.
struct HeldEpoch {
  sync::ChainHead head;
  sync::RatchetKey next_key;
  bool asked = false;  // the device has been told that something is missing
};

struct EventRow {
  std::int64_t id = 0;
  sync::DeviceId device{};
  std::string label;  // of the device
  sync::EpochId epoch{};
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  UnixSeconds received = 0;
  Bytes body;    // empty: a stub
  Bytes sealed;  // JSON; empty: none, or deleted
};

// A day on which the server ran, see retention.h.
struct RetentionDay {
  std::int64_t counted_s = 0;  // time that had been counted by then
  UnixSeconds clock = 0;       // what the clock said
};

struct AuditRow {
  sync::AuditEntry entry;
  bool is_linked = false;  // not in rows from before there were links
};

// A letter to one device, or to all (sync/letter.h).
struct LetterRow {
  sync::LetterId id{};
  std::string type;  // the envelope's payload type
  std::optional<sync::DeviceId> device;
  UnixSeconds until = 0;
  Bytes envelope;
  UnixSeconds published = 0;
};
// A wiped device's certificate, countersigned.
struct KeptCertificate {
  sync::LetterId order{};
  Bytes envelope;
};
// What became of one at one device.
struct LetterAnswer {
  sync::DeviceId device{};
  UnixSeconds given = 0;     // 0: never, as far as we know
  std::string answer;        // "", "taken", or the number of the check that refused
  UnixSeconds answered = 0;
};

// What there is to give, as numbers that only grow: another mark is news.
// What a device was given, or has refused: "root", "policy" or "lists".
struct Given {
  std::string kind;
  std::int64_t version = 0;
  UnixSeconds first = 0;
};
struct Refused {
  std::string kind;
  std::int64_t version = 0;  // the newest that it had been given then
  std::string rule;          // number of the check
  UnixSeconds told = 0;
};

// A signed thing that was published, and the hash over it and all before it (sync/change_log.h).
struct ChangeRow {
  std::int64_t number = 0;
  UnixSeconds time = 0;
  std::string kind;
  Bytes envelope;
  Hash link{};
};

struct PublishedNumbers {
  std::int64_t policy = 0, lists = 0, letters = 0;  // letters: the newest of all
  std::int64_t letters_to_all = 0;
};

struct Published {
  std::int64_t version = 0;
  Bytes envelope;
};

class FleetStore {
 public:
  // kDamaged, kConflict (another server has it), kUnsupported (written by a newer server).
  [[nodiscard]] static Result<FleetStore> open(const std::filesystem::path& path);

  // Everything in `work` or nothing.
  [[nodiscard]] Status transaction(const std::function<Status()>& work) { return database_.transaction(work); }
  // One commit for all transactions in between; nothing of them is to be confirmed before (platform/sqlite.h).
  [[nodiscard]] Status begin_group() { return database_.begin_group(); }
  [[nodiscard]] Status commit_group() { return database_.commit_group(); }

  // Tokens. use_token is compare-and-set: kPermissionDenied for a token that is unknown, expired or used by another device.
  [[nodiscard]] Status add_token(const Hash& hash, std::string_view made_by, UnixSeconds now, UnixSeconds expires);
  [[nodiscard]] Status use_token(const Hash& hash, const sync::DeviceId& device, UnixSeconds now);

  // Devices.
  // One that is there already stays as it is. `enrolment`: what the device signed about itself.
  [[nodiscard]] Status add_device(const DeviceRow& row, ByteView enrolment);
  // Empty: it enrolled before servers kept that. nullopt: no such device.
  [[nodiscard]] Result<std::optional<Bytes>> enrolment_of(const sync::DeviceId& id);
  [[nodiscard]] Result<std::optional<DeviceRow>> device(const sync::DeviceId& id);
  [[nodiscard]] Result<std::vector<DeviceRow>> devices();
  [[nodiscard]] Result<DeviceBook> book(const sync::DeviceId& id);
  // Every other device on this hardware has been replaced. Machines whose firmware names nothing are never the same.
  [[nodiscard]] Status mark_replaced(const sync::Hardware& hardware, const sync::DeviceId& by);
  [[nodiscard]] Status note_seen(const sync::DeviceId& id, UnixSeconds now, std::string_view state, std::string_view problem);

  // The book.
  [[nodiscard]] Result<std::optional<HeldEpoch>> epoch(const sync::DeviceId& device, const sync::EpochId& epoch);
  [[nodiscard]] Status add_epoch(const sync::Batch& first, const HeldEpoch& held, UnixSeconds now);
  // Compare-and-set: kConflict unless the epoch still stands at `before`.
  [[nodiscard]] Status advance_epoch(const sync::DeviceId& device, const sync::EpochId& epoch, const sync::ChainHead& before,
                                     const sync::VerifiedChain& after);
  [[nodiscard]] Status mark_asked(const sync::DeviceId& device, const sync::EpochId& epoch);
  // `receipt`: what this check-in will be answered, once it is committed.
  [[nodiscard]] Result<std::int64_t> add_batch(const sync::Batch& batch, ByteView envelope, ByteView receipt, UnixSeconds now);
  // `sealed`: the JSON of its details; empty: none.
  [[nodiscard]] Status add_event(const sync::Batch& batch, std::int64_t batch_row, const sync::ChainEntry& entry,
                                 const Hash& link, ByteView sealed, UnixSeconds now);
  // The links at the ends of the entries from `first` to `last`, by seq.
  [[nodiscard]] Result<std::map<std::uint64_t, Hash>> links(const sync::DeviceId& device, const sync::EpochId& epoch,
                                                            std::uint64_t first, std::uint64_t last);
  [[nodiscard]] Status add_hole(const sync::DeviceId& device, const sync::EpochId& epoch, std::uint64_t from, std::uint64_t to,
                                std::string_view lost_by, UnixSeconds now);
  // Epochs with something noted as lost by the device, the newest notes first, and where we stand in each; nullopt: nowhere.
  [[nodiscard]] Result<std::vector<std::pair<sync::EpochId, std::optional<sync::ChainHead>>>> unfinished(
      const sync::DeviceId& device, std::size_t limit);
  // What was noted there as lost by the device has come, up to `seq`.
  [[nodiscard]] Status close_holes(const sync::DeviceId& device, const sync::EpochId& epoch, std::uint64_t seq);
  // Keeps what does not fit, as it came; the first twenty of a device.
  [[nodiscard]] Status add_quarantine(const sync::DeviceId& device, std::string_view reason, ByteView envelope, UnixSeconds now);
  // Events with ids over `after`, of one device or of all.
  [[nodiscard]] Result<std::vector<EventRow>> events(std::int64_t after, const std::optional<sync::DeviceId>& device, int limit);

  // The sealed part of an event as it was stored; nullopt: it has none any more.
  [[nodiscard]] Result<std::optional<Bytes>> sealed_of(std::int64_t event);
  [[nodiscard]] Status replace_sealed(std::int64_t event, ByteView sealed);

  // The days that are counted for retention.h, and the sealed parts that go.
  [[nodiscard]] Result<std::optional<RetentionDay>> last_day();
  [[nodiscard]] Status add_day(const RetentionDay& day);  // all events that are here now came by then
  [[nodiscard]] Result<std::int64_t> last_event_of(std::int64_t counted_s);  // that had come by then; 0: none
  // Deletes up to `limit` sealed parts of events up to `last_event` that nobody holds, oldest first; true: there may be more.
  [[nodiscard]] Result<bool> forget_sealed(std::int64_t last_event, int limit);

  // Evidence (fleet_evidence.cpp). The batches that have something of a book's range, in the book's order; sealed parts by seq.
  [[nodiscard]] Result<std::vector<KeptBatch>> batches_of(const BookRange& range, std::size_t limit);
  [[nodiscard]] Result<std::optional<Bytes>> sealed_at(const sync::DeviceId& device, const sync::EpochId& epoch, std::uint64_t seq);
  [[nodiscard]] Result<std::int64_t> add_legal_hold(const BookRange& range, std::string_view by, std::string_view reason, UnixSeconds now);
  // kNotFound: there is none of this number, or it has been lifted.
  [[nodiscard]] Status release_legal_hold(std::int64_t id, std::string_view by, std::string_view reason, UnixSeconds now);
  [[nodiscard]] Result<std::vector<LegalHold>> legal_holds();  // lifted ones too

  // What the school has published.
  [[nodiscard]] Result<std::vector<Bytes>> roots();  // from 1 on
  [[nodiscard]] Status add_root(std::int64_t version, ByteView envelope);
  [[nodiscard]] Result<std::optional<Published>> newest_policy();
  // A root began another generation: what was published until now stays in the log of changes, and is offered to nobody any more.
  [[nodiscard]] Status retire_policies();
  [[nodiscard]] Status retire_lists();
  [[nodiscard]] Status add_policy(std::int64_t version, ByteView envelope, UnixSeconds now);
  // Lists count once their file is here; whole_only = false also finds those that still wait.
  [[nodiscard]] Result<std::optional<Published>> newest_lists(bool whole_only);
  [[nodiscard]] Status add_lists(const sync::VerifiedLists& lists, ByteView envelope, bool file_here, UnixSeconds now);
  // The newest whole ones that a technician signed too: their change was no matter of bounds, so a device from before them takes them
  // first and is measured from there.
  [[nodiscard]] Result<std::optional<Published>> countersigned_lists();
  // Size of a file that published lists or deltas name; nullopt: none does.
  struct SetFile { std::uint64_t size = 0; bool here = false; };
  [[nodiscard]] Result<std::optional<SetFile>> set_file(const Hash& file);
  // What makes `file` out of `base`, under its own hash; it comes and goes like a set file.
  [[nodiscard]] Status add_delta(const Hash& base, const Hash& file, const Hash& delta, std::uint64_t size, bool here);
  [[nodiscard]] Result<std::optional<Hash>> delta(const Hash& base, const Hash& file);  // that is here
  [[nodiscard]] Status mark_here(const Hash& file, bool here);
  // Files that are here and that neither the two newest lists nor the newest countersigned ones name, and deltas to these; from now on they are not here any more.
  [[nodiscard]] Result<std::vector<Hash>> forget_old_files();

  // Letters (fleet_letters.cpp). One that is there already gets the newer envelope, and goes again to those that refused it.
  [[nodiscard]] Status add_letter(const LetterRow& row, UnixSeconds now);
  // Of this type and ending after `ends_after`, the newest first.
  [[nodiscard]] Result<std::vector<LetterRow>> letters_of(std::string_view type, UnixSeconds ends_after, std::size_t limit);
  [[nodiscard]] Result<std::optional<LetterRow>> letter(const sync::LetterId& id);
  // Those that this device is still to get, those to it alone first, and the oldest first; they are noted as given.
  [[nodiscard]] Result<std::vector<Bytes>> give_letters(const sync::DeviceId& device, UnixSeconds now, std::size_t limit);
  // An event of the device's book has told. What it took stays taken.
  [[nodiscard]] Status answer_letter(const sync::LetterId& id, const sync::DeviceId& device, std::string_view answer, UnixSeconds now);
  // What it was told to have taken, it may have forgotten. Empty: it is to be given again.
  [[nodiscard]] Status doubt_taken(const sync::LetterId& id, const sync::DeviceId& device, std::string_view answer);
  [[nodiscard]] Result<std::vector<LetterAnswer>> letter_answers(const sync::LetterId& id);
  [[nodiscard]] Result<PublishedNumbers> published_numbers();
  [[nodiscard]] Result<std::int64_t> letters_to(const sync::DeviceId& device);  // number of the newest to it alone; 0: none
  [[nodiscard]] Result<std::map<sync::DeviceId, std::int64_t>> letters_to_each();

  // What was given and refused (fleet_given.cpp).
  [[nodiscard]] Status note_given(const sync::DeviceId& device, std::string_view kind, std::int64_t version, UnixSeconds now);
  [[nodiscard]] Status note_refused(const sync::DeviceId& device, std::string_view kind, std::string_view rule, UnixSeconds now);
  [[nodiscard]] Status forget_refused(const sync::DeviceId& device, std::string_view kind);
  [[nodiscard]] Result<std::vector<Given>> given_to(const sync::DeviceId& device);
  [[nodiscard]] Result<std::vector<Refused>> refused_by(const sync::DeviceId& device);

  // The log of everything signed that was published, in that order (fleet_changes.cpp). A server from before there was one writes
  // down what it has.
  [[nodiscard]] Status begin_changes(const sync::SchoolId& school);
  [[nodiscard]] Result<std::vector<ChangeRow>> changes(std::int64_t after, std::size_t limit);
  [[nodiscard]] Result<std::optional<ChangeRow>> last_change();
  // Orders (fleet_orders.cpp): the letters of a type, the oldest first; the states that the device's book tells, as they came; the newest certificate.
  [[nodiscard]] Result<std::vector<LetterRow>> letters_since(std::string_view type, UnixSeconds since);
  [[nodiscard]] Status note_order_state(const sync::LetterId& order, const sync::DeviceId& device, std::string_view state, UnixSeconds time);
  [[nodiscard]] Result<std::vector<std::pair<std::string, UnixSeconds>>> order_states(const sync::LetterId& order);
  [[nodiscard]] Status keep_wipe_certificate(const sync::DeviceId& device, const sync::LetterId& order, ByteView envelope, UnixSeconds now);
  [[nodiscard]] Result<std::optional<KeptCertificate>> wipe_certificate(const sync::DeviceId& device);

  // The school's people.
  [[nodiscard]] Status use_nonce(std::string_view nonce, UnixSeconds now, UnixSeconds forget);  // kConflict: used before
  // fleet_audit.cpp. `by`: key id and holder; a request that publishes much is kept as its hash.
  [[nodiscard]] Status add_audit(UnixSeconds now, std::string_view by, std::string_view action, std::string_view outcome, ByteView request);
  [[nodiscard]] Result<std::vector<AuditRow>> audit(std::int64_t after = 0, std::int64_t limit = -1);  // -1: all

 private:
  explicit FleetStore(platform::Database database) : database_(std::move(database)) {}
  [[nodiscard]] Result<std::int64_t> count(std::string_view sql, const sync::DeviceId& device);
  // All of `work` or nothing; also inside a transaction.
  [[nodiscard]] Status together(const std::function<Status()>& work);
  [[nodiscard]] Result<std::optional<Hash>> last_audit_link();
  [[nodiscard]] Status append_change(std::string_view kind, ByteView envelope, UnixSeconds now);
  platform::Database database_;
  std::optional<sync::SchoolId> changes_of_;
};

}  // namespace caretaker::server
