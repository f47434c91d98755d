// The guard's side of the event store: seals what is to be sealed, counts repeats of the guard's own notes, and is there
// before the store can be opened. One thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "agent/guard/event_store.h"
#include "agent/guard/policy_store.h"
#include "agent/guard/subject.h"

namespace caretaker::agent {

// To whom the details of this kind of event are sealed: as policy and root say; without a policy, or where it names nobody the
// root knows, the safeguarding leads.
[[nodiscard]] std::map<sync::KeyId, BoxPublicKey> recipients_of_kind(const PolicyStore& trust, const std::string& kind);

class Book {
 public:
  Book(const PolicyStore& trust, const Clock& clock);

  [[nodiscard]] Status open(EventStoreSettings settings);
  void set_quota(const QuotaLimits& quota);
  [[nodiscard]] EventStore* store() { return store_ ? &*store_ : nullptr; }

  // Durable when it returns; a group that was stored before is not stored again.
  [[nodiscard]] Status append(const std::vector<PlannedEvent>& planned, const std::optional<GroupId>& group = std::nullopt);
  // The first of a note, for its caller to append with what it belongs to; within the hour after it nothing, and it is counted as by note().
  [[nodiscard]] std::optional<PlannedEvent> begin_note(const Subject& subject, std::uint32_t count = 1);
  // Something about the guard itself, at the time of the clock: the first at once, repeats of the same within an hour counted
  // into one more. What cannot be stored now is counted too. True: it was the first.
  bool note(const Subject& subject, std::uint32_t count = 1);

  // Within a second of a request, else every few: notes whose hour is over, the ratchet's key, housekeeping.
  void tick();
  // At the end of the process.
  void close();
  [[nodiscard]] std::set<std::string> health() const;

 private:
  struct Note {
    Subject subject;
    std::uint32_t repeats = 0;
    MonotonicMs ends = 0;
  };
  [[nodiscard]] Status append_events(const std::vector<NewEvent>& events, const std::optional<GroupId>& group);
  [[nodiscard]] NewEvent make_event(const PlannedEvent& planned) const;
  void close_notes(MonotonicMs now);

  const PolicyStore& trust_;
  const Clock& clock_;
  EventStoreSettings settings_;
  std::optional<EventStore> store_;
  std::map<std::string, Note> notes_;  // as many as kinds and rules; of those with an id in them a bounded number
  MonotonicMs maintained_ = 0;
  bool failing_ = false;  // the last append or sync failed
};

}  // namespace caretaker::agent
