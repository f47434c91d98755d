// The inside of the event store, for the files that implement it: event_store.cpp (opening, appending, keeping house)
// and event_store_uplink.cpp (batches and receipts).
#pragma once

#include <functional>
#include <set>

#include "agent/guard/allowance.h"
#include "agent/guard/event_store.h"
#include "agent/guard/store_recovery.h"

namespace caretaker::agent {

// A receipt is kept, and goes with each request. Its room is counted from its epoch's beginning, so that it always finds it.
inline constexpr std::size_t kMaxReceipt = 1024;

struct EventStore::State {
  EventStoreSettings settings;
  const Clock& clock;
  RatchetFile key_file;
  EventRows rows;
  std::vector<EpochRow> epochs;  // as in the rows; the last one is written to
  ToldGroups told;               // as in the rows
  RatchetState key;              // for the next entry
  bool key_is_synced = false;
  bool is_written_back = false;  // what was found at the start is on the disk; the key must not get ahead of it
  BookUse use;
  std::set<sync::EpochId> shown;       // was all carried, and its beginning has been sent once more: the server learns by it of the epoch before
  std::set<sync::EpochId> left;        // what waits in these is to be carried over, and has not all been
  std::set<sync::EpochId> stuck;       // the server stands where we cannot go back to, and its place there is not ours
  std::optional<sync::EpochId> sent_epoch;  // of the batch that was handed out last
  std::uint64_t sent_to = 0;                // and its end
  // Each time the server refuses a book, all that waits in it is written again: that is not for a liar to have without end.
  Allowance leaves;
  std::map<sync::EpochId, std::uint32_t> begun_for_server;  // since the start; and for how many beginnings each of them stands
  bool is_damaged = false;             // found while running: the next open must look closely

  State(EventStoreSettings settings_, const Clock& clock_, FoundBook book);

  [[nodiscard]] std::filesystem::path file(const char* name) const { return settings.folder / name; }
  [[nodiscard]] EpochRow& current() { return epochs.back(); }
  [[nodiscard]] EpochRow* find_epoch(const sync::EpochId& id);
  [[nodiscard]] UnixSeconds now() const { return bounded_time(clock.now()); }
  // What the settings leave for entries beside the epochs' own rows.
  [[nodiscard]] QuotaLimits limits() const;
  [[nodiscard]] std::uint64_t epoch_bytes() const;

  // Within a transaction: chains and tags the entry and moves `epoch` and `next` on.
  [[nodiscard]] Status add_entry(EpochRow& epoch, RatchetState& next, EntryRow& row);
  // `previous`: the epoch before that is the server's business, and how far it is; what came after that is carried over.
  // `beginnings`: that this one stands for, because the server took none of the ones before.
  [[nodiscard]] Status start_epoch(const std::string& reason, const LastKnown& last_known, const LastKnown& previous,
                                   std::uint32_t beginnings = 1);
  // Of the epochs that the server has no more to do with, only the newest stay; within a transaction. Their numbers.
  [[nodiscard]] Result<std::set<std::int64_t>> forget_epochs();
  // `also` runs in the same transaction.
  [[nodiscard]] Status write(std::vector<EntryRow>& entries, const std::optional<GroupId>& group,
                             const std::function<Status()>& also = {});
  // The server stands elsewhere in this epoch and will never take what waits in it: that is written down anew in the newest
  // epoch, a portion at a time. What stands there is carried: it counts as acknowledged here, and a server that goes back does not get it twice.
  [[nodiscard]] Status carry_over(const sync::EpochId& from);
  [[nodiscard]] Status carry(EpochRow& from, const std::vector<EntryRow>& waiting);
  [[nodiscard]] Status find_left();

  // Runs `work`; when the disk is full, makes room in the log, then gives up the ballast, and runs it again each time.
  [[nodiscard]] Status with_room(const std::function<Status()>& work);
  [[nodiscard]] Status make_room(const QuotaUse& incoming, const QuotaLimits& limits);
  [[nodiscard]] Status keep_spare(const QuotaUse& incoming);
  [[nodiscard]] Status keep_reserves();
  [[nodiscard]] Status drop(std::span<const StubPlan> plans);
  [[nodiscard]] Status drop_in_portions(std::span<const StubPlan> plans);
  [[nodiscard]] Status count_use();
  [[nodiscard]] Status take_receipt(EpochRow& epoch, const sync::ChainHead& place, ByteView envelope);
  [[nodiscard]] Result<sync::ChainHead> covered(const EpochRow& epoch, const sync::ChainHead& stored);

  // Every public function returns through this: damage is remembered.
  template <typename T>
  [[nodiscard]] Result<T> noted(Result<T> result) {
    if (!result && result.error().code == ErrorCode::kDamaged) is_damaged = true;
    return result;
  }
};

}  // namespace caretaker::agent
