// The device's book of events: appended to, sent to the server in batches, given up only as the quota decides.
// SQLite with one connection (WAL, FULL), chained and tagged as sync/chain.h says. One thread.
//
// Files in the folder: events.db, events.key (the ratchet's key), events.ballast (512 KiB to give up when the disk is
// full), events.clean (only there while the book is closed and was closed in order), and set-aside/ with books that
// were damaged or belong to another device, and what had the name of a file of ours and was none: the newest always, the one
// before it where both together are within max_bytes, no third. The quota counts entries and epochs; beside it the file has up to 1 MiB and
// a quarter of free and half-used pages, and the log up to 6 MiB. kDamaged from any function: close the book and open it again, which sets it
// aside.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/guard/event_quota.h"
#include "agent/guard/told_groups.h"
#include "platform/base/clock.h"
#include "sync/batch.h"

namespace caretaker::agent {

// What the clock says, within what the server's parsers take: a machine may believe anything. Never 0, which means "not yet".
[[nodiscard]] UnixSeconds bounded_time(UnixSeconds time);

struct EventStoreSettings {
  std::filesystem::path folder;
  sync::SchoolId school{};
  sync::DeviceId device{};
  BoxPublicKey server_box{};  // the first key of an epoch is sealed to it
  QuotaLimits quota;
};

struct NewEvent {
  sync::EventBody body;
  std::optional<sync::SealedDetails> sealed;
};

// The next entries for the server: one epoch, oldest first. Everything in `batch` is set but `state`. Without entries
// (seq_to == seq_from - 1) there is nothing to send, and the batch says where the newest epoch stands.
struct OutgoingBatch {
  sync::Batch batch;
  std::map<std::uint64_t, sync::SealedDetails> sealed;
  Bytes last_receipt;  // envelope; empty before the first
  bool more = false;   // others wait behind it
};

struct StoredEntry {
  std::uint64_t from = 0;  // a stub stands for from..to, and has no body
  std::uint64_t to = 0;
  bool acknowledged = false;
  Bytes body;
  Bytes sealed;  // make_sealed_json; empty when there is none
};

struct EventStoreStatus {
  sync::EpochId epoch{};
  sync::ChainHead head;
  std::uint64_t queued = 0;      // events not acknowledged, in all epochs
  UnixSeconds last_receipt = 0;  // by the device's clock; 0: never
  std::uint64_t bytes = 0;
};

class EventStore {
 public:
  // Opens the book, or begins one. After an unclean stop it is checked: an event that is not the one that was linked, where what stands around
  // it is, becomes a stub, and `events.dropped` `damage` says so. A book that is damaged otherwise, or newer than this
  // program, or another device's, is set aside and a new epoch begins, whose first event names the
  // epoch before, its last known head and the reason. kConflict: another process has it; kPermissionDenied,
  // kUnavailable: the disk does not let us; kFull: no room for even the smallest book.
  [[nodiscard]] static Result<EventStore> open(const EventStoreSettings& settings, const Clock& clock);
  EventStore(EventStore&&) noexcept;
  EventStore& operator=(EventStore&&) noexcept;
  ~EventStore();  // syncs the key and leaves a clean book, as far as the disk lets it

  // All of them, in this order and in one transaction, or none; durable when it returns. With a group that was stored
  // before, nothing is added and that is fine. kFull: there is no room, even after dropping all that may be dropped.
  [[nodiscard]] Status append(std::span<const NewEvent> events, const std::optional<GroupId>& group = std::nullopt);

  // Writes the ratchet's key if it has moved on. Call it within a second of an append: until then, somebody who becomes
  // root and takes the disk can forge the entries since the last call, as far as the server does not have them.
  [[nodiscard]] Status sync_key();

  // Within a batch's limits; max_bytes is of the check-in request that it will be part of. What is handed out is a
  // matter of record: the same entries are handed out again until they are acknowledged.
  [[nodiscard]] Result<OutgoingBatch> next_batch(std::size_t max_events, std::size_t max_bytes);

  // A receipt that the caller has verified, with its envelope. What it covers is kept for 14 days, room permitting.
  // kConflict: it is about an epoch or a link that is not ours. kStale: it says less than an earlier one. A receipt for
  // another place than ours confirms the batch that it answers; when nothing is left to send, it proves that the disk was rolled
  // back, and a new epoch begins. So it does where the receipt says that the batch was refused (Receipt::problem); what the server
  // does not have of that epoch is then written down anew in the new one. That is so twice at once and then once in four hours (kUnavailable:
  // not yet), for a server that refuses without end must not make a device write without end.
  [[nodiscard]] Status acknowledge(const sync::Receipt& receipt, ByteView envelope);

  // The server says that it stands at `expected` in this epoch, earlier than its own receipt: everything after it is
  // sent again, in the form in which it is still kept. kConflict: that link is not ours, or lies ahead of us; the batches
  // then have the epoch's start, which tells the server that nothing earlier will come. Whoever
  // says so is not verified; all that it can cause is sending again. True: something of this epoch is to be sent.
  [[nodiscard]] Result<bool> rewind(const sync::EpochId& epoch, const sync::ChainHead& expected);

  // A new epoch, because the one before will not be taken any further. Reasons: EpochStart in sync/batch.h.
  [[nodiscard]] Status begin_epoch(const std::string& reason);

  // Housekeeping, now and then: forgets what was acknowledged 14 days ago, makes the ballast anew.
  [[nodiscard]] Status maintain();

  // From the next append() on.
  void set_quota(const QuotaLimits& quota);

  // Entries of the newest epoch from from_seq on.
  [[nodiscard]] Result<std::vector<StoredEntry>> list(std::uint64_t from_seq, std::size_t limit, std::size_t max_bytes);
  [[nodiscard]] EventStoreStatus status() const;
  // Some function has met damage: open the book again.
  [[nodiscard]] bool is_damaged() const;

 private:
  struct State;
  explicit EventStore(std::unique_ptr<State> state);
  [[nodiscard]] Status give_up(const sync::Receipt& refusal, ByteView envelope);
  [[nodiscard]] Status leave_epoch(const sync::EpochId& id, const std::string& reason);
  [[nodiscard]] static Result<EventStore> open_once(const EventStoreSettings& settings, const Clock& clock);
  std::unique_ptr<State> state_;
};

}  // namespace caretaker::agent
