// The rows of the book of events: SQL and nothing else. Which rows, and when, is for event_store.h. One thread.
// Every function may fail with kDamaged, kFull or kUnavailable (platform/sqlite.h).
#pragma once

#include <optional>
#include <vector>

#include "agent/guard/event_quota.h"
#include "agent/guard/told_groups.h"
#include "platform/sqlite.h"
#include "sync/batch.h"

namespace caretaker::agent {

struct BookOwner {
  sync::SchoolId school{};
  sync::DeviceId device{};
  friend bool operator==(const BookOwner&, const BookOwner&) = default;
};

struct EpochRow {
  std::int64_t number = 0;
  sync::EpochId id{};
  sync::EpochStart start;
  sync::ChainHead head;           // the last entry ever written
  sync::ChainHead acknowledged;   // by a receipt, or carried: up to here nothing waits; always the end of an entry
  std::uint64_t offered_seq = 0;  // the end of the batch that was handed out last
  Bytes receipt;
  UnixSeconds receipt_time = 0;
};

[[nodiscard]] inline bool has_unsent(const EpochRow& epoch) { return epoch.acknowledged.seq < epoch.head.seq; }

struct EntryRow {
  sync::ChainEntry entry;  // with its link, whether stub or not
  EventRank rank = EventRank::kMinor;
  bool acknowledged = false;  // or carried
  Bytes sealed;  // JSON; empty when there is none
};

struct BookUse {
  QuotaUse bytes;
  std::uint64_t queued = 0;  // events not acknowledged
};

class EventRows {
 public:
  // kDamaged or kUnsupported: this file cannot be used. With `check`, its pages are gone through first.
  [[nodiscard]] static Result<EventRows> open(const std::filesystem::path& path, bool check);

  [[nodiscard]] Status transaction(const std::function<Status()>& work) { return database_.transaction(work); }
  [[nodiscard]] Status checkpoint() { return database_.checkpoint(); }
  // Room inside the file, which needs no disk; and making it, while there is disk: the log becomes as large with it.
  [[nodiscard]] Result<std::uint64_t> spare_bytes();
  [[nodiscard]] Status make_spare(std::uint64_t bytes);

  [[nodiscard]] Result<std::optional<BookOwner>> owner();
  [[nodiscard]] Status set_owner(const BookOwner& owner);

  [[nodiscard]] Result<std::vector<EpochRow>> epochs();               // oldest first
  [[nodiscard]] Result<std::int64_t> add_epoch(const EpochRow& row);  // its number
  [[nodiscard]] Status remove_epoch(std::int64_t number);             // with its entries
  [[nodiscard]] Status set_head(std::int64_t epoch, const sync::ChainHead& head);
  [[nodiscard]] Status set_offered(std::int64_t epoch, std::uint64_t seq);
  // Marks the entries up to `head` acknowledged at `time`, and keeps the receipt. How many events that are no stubs were not before; it
  // costs what it confirms, however long the book is.
  [[nodiscard]] Result<std::uint64_t> acknowledge(std::int64_t epoch, const sync::ChainHead& head, UnixSeconds time, ByteView receipt);
  // The same of entries that have been written down anew in a later epoch, within the transaction that did it.
  [[nodiscard]] Status mark_carried(std::int64_t epoch, const sync::ChainHead& head, UnixSeconds time);
  [[nodiscard]] Result<bool> is_carried(std::int64_t epoch, std::uint64_t seq);  // the entry that ends there
  // Marks the entries after `head` as not acknowledged; what was carried stays so, for ever, but for an epoch's beginning (show_beginning).
  [[nodiscard]] Status rewind(std::int64_t epoch, const sync::ChainHead& head);
  [[nodiscard]] Status show_beginning(std::int64_t epoch);
  // The epoch's end where all after `place` has been carried, else `place`.
  [[nodiscard]] Result<sync::ChainHead> known_after(std::int64_t epoch, const sync::ChainHead& place);

  [[nodiscard]] Status add_entry(std::int64_t epoch, const EntryRow& row);
  // Entries that end at `from_seq` or later, in order.
  [[nodiscard]] Result<std::vector<EntryRow>> entries(std::int64_t epoch, std::uint64_t from_seq, std::size_t limit);
  // The same, up to where what was carried begins.
  [[nodiscard]] Result<std::vector<EntryRow>> waiting(std::int64_t epoch, std::uint64_t from_seq, std::size_t limit);
  // The last entry that ends at `seq` or before; nullopt: none does.
  [[nodiscard]] Result<std::optional<sync::ChainHead>> end_before(std::int64_t epoch, std::uint64_t seq);
  // The entries that end from `from` to `to`, `limit` of them at most, and where the last of those ends.
  struct Part {
    std::uint64_t entries = 0;
    std::uint64_t to = 0;
  };
  [[nodiscard]] Result<Part> entries_up_to(std::int64_t epoch, std::uint64_t from, std::uint64_t to, std::uint64_t limit);
  [[nodiscard]] Status make_stub(const StubPlan& plan);

  [[nodiscard]] Result<BookUse> use();
  [[nodiscard]] Result<std::vector<QuotaRow>> quota_rows();

  [[nodiscard]] Result<ToldGroups> told();
  [[nodiscard]] Status add_told(const ToldGroups& told, const GroupId& group);  // it counts as told when the transaction has held

 private:
  // The end of the last entry that was not carried. What was is the end of its epoch, which is not the newest; a mark elsewhere is a bit that turned.
  [[nodiscard]] Result<std::uint64_t> own_end(std::int64_t epoch);
  [[nodiscard]] Result<std::uint64_t> mark_known(std::int64_t epoch, const sync::ChainHead& head, std::int64_t when);
  explicit EventRows(platform::Database database) : database_(std::move(database)) {}
  platform::Database database_;
};

// What an entry counts for against the quota.
[[nodiscard]] std::uint64_t entry_bytes(const EntryRow& row);

}  // namespace caretaker::agent
