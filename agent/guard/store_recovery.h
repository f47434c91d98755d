// How the book of events is found at start: usable as it is, or set aside with a new one in its place; and whether the
// ratchet's key still fits it. One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/guard/event_rows.h"
#include "agent/guard/event_store.h"
#include "agent/guard/ratchet_file.h"

namespace caretaker::agent {

// The epoch before a new one, as far as anybody still knows.
struct LastKnown {
  std::optional<sync::EpochId> epoch;
  sync::ChainHead head;
};

struct FoundBook {
  EventRows rows;
  std::vector<EpochRow> epochs;     // oldest first; empty in a new book
  std::optional<RatchetState> key;  // for the entry after the last one; nullopt: a new epoch has to begin
  std::string reason;               // of the new epoch: "enrolment", "damage", "rollback", "re-enrolment"
  LastKnown last_known;
  ToldGroups told{};
  std::size_t given_up = 0;  // events that waited for the server, were damaged, and are stubs now: to be said
};

// Of an entry that has one. kDamaged: it is not the one that the body names, or one of the two is missing.
[[nodiscard]] Result<std::optional<sync::SealedDetails>> sealed_part(const EntryRow& row);

// Takes the flag of the clean stop away: leave_clean() puts it there again. Errors as EventStore::open().
[[nodiscard]] Result<FoundBook> find_book(const EventStoreSettings& settings, const RatchetFile& key_file,
                                          UnixSeconds now);

// The book is closed and whole.
[[nodiscard]] Status leave_clean(const std::filesystem::path& folder);

// Which of the keys in the file continues the last epoch. Pure.
enum class KeyVerdict {
  kContinues,
  kAhead,    // the file knows of entries or epochs that the book does not have: the disk was rolled back
  kMissing,  // no key, or one from before the last epoch: the entries to come could not be tagged
};
struct KeyChoice {
  KeyVerdict verdict = KeyVerdict::kMissing;
  const RatchetState* state = nullptr;  // with kContinues: at the book's head or behind it
};
[[nodiscard]] KeyChoice decide_key(const std::vector<EpochRow>& epochs, const std::vector<RatchetState>& states);

// The rule of the event "epoch.started": the reason, and which epoch ended where.
[[nodiscard]] std::string epoch_rule(const std::string& reason, const LastKnown& last_known);

}  // namespace caretaker::agent
