// The inside of the event store, for the files that implement it: event_store.cpp (opening, appending, keeping house)
// and event_store_uplink.cpp (batches and receipts).
#pragma once

#include <set>

#include "agent/guard/event_store.h"
#include "agent/guard/store_recovery.h"

namespace caretaker::agent {

struct EventStore::State {
  EventStoreSettings settings;
  const Clock& clock;
  RatchetFile key_file;
  EventRows rows;
  std::vector<EpochRow> epochs;  // as in the rows; the last one is written to
  RatchetState key;              // for the next entry
  bool key_is_synced = false;
  BookUse use;
  std::set<sync::EpochId> deferred;
  std::set<sync::EpochId> stuck;       // the server stands where we cannot go back to, and its place there is not ours
  MonotonicMs next_begin = INT64_MIN;  // no new epoch before this only because somebody complains
  bool is_damaged = false;             // found while running: the next open must look closely

  State(EventStoreSettings settings_, const Clock& clock_, FoundBook book);

  [[nodiscard]] std::filesystem::path file(const char* name) const { return settings.folder / name; }
  [[nodiscard]] EpochRow& current() { return epochs.back(); }
  [[nodiscard]] EpochRow* find_epoch(const sync::EpochId& id);

  // Within a transaction: chains and tags the entry and moves `epoch` and `next` on.
  [[nodiscard]] Status add_entry(EpochRow& epoch, RatchetState& next, EntryRow& row);
  [[nodiscard]] Status start_epoch(const std::string& reason, const LastKnown& last_known);
  [[nodiscard]] Status write(std::vector<EntryRow>& entries, const std::optional<GroupId>& group);

  // Runs `work`; when the disk is full, makes room in the log, then gives up the ballast, and runs it again each time.
  [[nodiscard]] Status with_room(const std::function<Status()>& work);
  [[nodiscard]] Status make_room(const QuotaUse& incoming, const QuotaLimits& limits);
  [[nodiscard]] Status keep_spare(const QuotaUse& incoming);
  [[nodiscard]] Status keep_reserves();
  [[nodiscard]] Status drop(std::span<const StubPlan> plans);
  [[nodiscard]] Status count_use();
  [[nodiscard]] Result<sync::ChainHead> covered(const EpochRow& epoch, const sync::ChainHead& stored);

  // Every public function returns through this: damage is remembered.
  template <typename T>
  [[nodiscard]] Result<T> noted(Result<T> result) {
    if (!result && result.error().code == ErrorCode::kDamaged) is_damaged = true;
    return result;
  }
};

}  // namespace caretaker::agent
