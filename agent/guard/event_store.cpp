#include "agent/guard/event_store.h"

#include "agent/guard/event_store_state.h"
#include "platform/base/log.h"
#include "platform/files.h"

namespace caretaker::agent {
namespace {

constexpr std::uint64_t kBallast = 512u << 10;
constexpr std::uint64_t kSpare = 512u << 10;       // by which the file grows at a time
constexpr std::uint64_t kLeastSpare = 128u << 10;  // always there inside the file, besides what comes
constexpr std::uint64_t kLeastFree = 2u << 20;     // with less on the disk the book grows no more
constexpr UnixSeconds kKeepAcknowledged = 14 * 86'400;
constexpr std::size_t kCarriedAtOnce = 256;
constexpr std::uint64_t kCountBytes = 512;  // at most, of the event that stands for a stub that was carried
constexpr std::uint64_t kDroppedAtOnce = 1024;  // entries in one transaction, some two megabytes of the log
constexpr std::size_t kEpochsKept = 8;             // that are done with
constexpr std::uint64_t kEpochBytes = 320 + kMaxReceipt;  // of a row: id, sealed key, links, receipt, and their share of pages and index
constexpr std::int64_t kLeavesAtOnce = 2;
constexpr MonotonicMs kLeaveMs = 4 * 3'600'000;
constexpr UnixSeconds kLastTime = 253'402'300'799;  // the year 9999, where RFC 3339 ends

// Checked as the server's parsers do: what it would refuse must not get into the chain, where it would block all that
// comes after it.
Result<EntryRow> prepare(const NewEvent& event) {
  EntryRow row;
  sync::EventBody bounded = event.body;
  bounded.time = bounded_time(bounded.time);
  row.entry.body = sync::make_event_body(bounded);
  row.rank = event_rank(event.body.kind, event.body.severity);
  TRY(body, sync::parse_event_body(row.entry.body));
  if (event.sealed.has_value() != body.sealed.has_value()) {
    return make_error(ErrorCode::kInvalidInput, "an event's body and its sealed part do not belong together");
  }
  if (!event.sealed) return row;
  TRY_DONE(sync::check_sealed(*event.sealed));
  if (hash(event.sealed->ciphertext) != *body.sealed) {
    return make_error(ErrorCode::kInvalidInput, "the sealed part is not the one that the body names");
  }
  row.sealed = sync::make_sealed_json(*event.sealed);
  return row;
}

NewEvent dropped_event(const char* why, sync::Severity severity, std::uint64_t count, UnixSeconds now) {
  NewEvent event;
  event.body.kind = "events.dropped";
  event.body.time = now;
  event.body.severity = severity;
  event.body.rule = why;
  event.body.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, UINT32_MAX));
  return event;
}

NewEvent epoch_event(const std::string& reason, const LastKnown& last_known, UnixSeconds now, std::uint32_t beginnings) {
  NewEvent event;
  event.body.count = beginnings;
  event.body.kind = "epoch.started";
  event.body.time = now;
  event.body.severity = reason == "damage" || reason == "rollback" ? sync::Severity::kHigh : sync::Severity::kInfo;
  event.body.rule = epoch_rule(reason, last_known);
  return event;
}

std::vector<EntrySize> sizes_of(std::span<const EntryRow> rows) {
  std::vector<EntrySize> sizes;
  for (const EntryRow& row : rows) sizes.push_back(row.entry.is_stub() ? EntrySize{EventRank::kOwn, kCountBytes} : EntrySize{row.rank, entry_bytes(row)});
  return sizes;
}

}  // namespace

UnixSeconds bounded_time(UnixSeconds time) { return std::clamp<UnixSeconds>(time, 1, kLastTime); }

EventStore::State::State(EventStoreSettings settings_, const Clock& clock_, FoundBook book)
    : settings(std::move(settings_)),
      clock(clock_),
      key_file(settings.folder / "events.key"),
      rows(std::move(book.rows)),
      epochs(std::move(book.epochs)),
      told(std::move(book.told)),
      leaves(kLeavesAtOnce, kLeaveMs, clock.monotonic_ms()) {
  if (book.key) key = std::move(*book.key);
}

EpochRow* EventStore::State::find_epoch(const sync::EpochId& id) {
  for (EpochRow& epoch : epochs) {
    if (epoch.id == id) return &epoch;
  }
  return nullptr;
}

std::uint64_t EventStore::State::epoch_bytes() const {
  return kEpochBytes * epochs.size();
}

QuotaLimits EventStore::State::limits() const {
  const std::uint64_t left = settings.quota.max_bytes - std::min(settings.quota.max_bytes, epoch_bytes());
  return {left, std::min(settings.quota.reserve_bytes, left)};
}

Status EventStore::State::count_use() {
  TRY(counted, rows.use());
  use = counted;
  return ok();
}

Status EventStore::State::add_entry(EpochRow& epoch, RatchetState& next, EntryRow& row) {
  epoch.head = sync::next_head(epoch.head, row.entry.body);
  row.entry.from = row.entry.to = epoch.head.seq;
  row.entry.link = next.link = epoch.head.link;
  row.entry.tag = sync::make_tag(next.next.key, epoch.head.link);
  sync::advance(next.next);
  return rows.add_entry(epoch.number, row);
}

Result<std::set<std::int64_t>> EventStore::State::forget_epochs() {
  std::set<std::int64_t> gone;
  std::size_t kept = 0;
  for (auto epoch = epochs.rbegin(); epoch != epochs.rend(); ++epoch) {
    if (epoch->acknowledged != epoch->head || ++kept <= kEpochsKept) continue;
    TRY_DONE(rows.remove_epoch(epoch->number));
    gone.insert(epoch->number);
  }
  return gone;
}

Status EventStore::State::start_epoch(const std::string& reason, const LastKnown& last_known, const LastKnown& previous,
                                      std::uint32_t beginnings) {
  EpochRow epoch;
  epoch.id = random_array<16>();
  epoch.head = epoch.acknowledged = sync::first_head(settings.school, settings.device, epoch.id);
  RatchetState next{epoch.id, {1, random_key()}, epoch.head.link};
  epoch.start = {box_seal(settings.server_box, next.next.key.view()), previous.epoch, previous.head, reason};
  TRY(first, prepare(epoch_event(reason, last_known, now(), beginnings)));
  QuotaUse incoming;
  incoming.add(first.rank, entry_bytes(first) + kEpochBytes);
  TRY_DONE(make_room(incoming, limits()));
  TRY_DONE(key_file.prepare(next, last_known.epoch.value_or(epoch.id)));
  std::set<std::int64_t> gone;
  const Status committed = rows.transaction([&]() -> Status {
    TRY(forgotten, forget_epochs());
    gone = std::move(forgotten);
    TRY(number, rows.add_epoch(epoch));
    epoch.number = number;
    TRY_DONE(add_entry(epoch, next, first));
    return rows.set_head(epoch.number, epoch.head);
  });
  TRY_DONE(committed);
  log(reason == "enrolment" ? LogLevel::kInfo : LogLevel::kWarning, "events", "a new epoch begins: " + reason);
  std::erase_if(epochs, [&](const EpochRow& old) { return gone.contains(old.number); });
  epochs.push_back(std::move(epoch));
  key = std::move(next);
  key_is_synced = false;
  return count_use();
}

Status EventStore::State::write(std::vector<EntryRow>& entries, const std::optional<GroupId>& group,
                                const std::function<Status()>& also) {
  EpochRow epoch = current();
  RatchetState next = key;
  const Status committed = rows.transaction([&]() -> Status {
    for (EntryRow& row : entries) TRY_DONE(add_entry(epoch, next, row));
    if (group) TRY_DONE(rows.add_told(told, *group));
    if (also) TRY_DONE(also());
    return rows.set_head(epoch.number, epoch.head);
  });
  TRY_DONE(committed);
  current().head = epoch.head;
  key = std::move(next);
  key_is_synced = false;
  if (group) told.add(*group);
  for (const EntryRow& row : entries) use.bytes.add(row.rank, entry_bytes(row));
  use.queued += entries.size();
  return ok();
}

Status EventStore::State::carry_over(const sync::EpochId& from) {
  EpochRow* epoch = find_epoch(from);
  if (epoch == nullptr || epoch == &current()) return ok();
  left.insert(from);
  while (has_unsent(*epoch)) {
    TRY(waiting, rows.waiting(epoch->number, epoch->acknowledged.seq + 1, kCarriedAtOnce));
    if (waiting.empty()) return make_error(ErrorCode::kDamaged, "the end of an epoch is not there");
    // What was carried goes first when room is made: then the next ones find some, and nothing that waits has to go for its own copy.
    waiting.resize(how_many_fit(sizes_of(waiting), use.bytes, limits()));
    TRY_DONE(with_room([&] { return carry(*epoch, waiting); }));
  }
  left.erase(from);
  return ok();
}

// Where a process before this one was ended in the middle of that.
Status EventStore::State::find_left() {
  for (const EpochRow& epoch : epochs) {
    if (epoch.id == current().id || !has_unsent(epoch)) continue;
    TRY(is_carried, rows.is_carried(epoch.number, epoch.acknowledged.seq));
    if (is_carried) left.insert(epoch.id);
  }
  return ok();
}

Status EventStore::State::carry(EpochRow& from, const std::vector<EntryRow>& waiting) {
  std::vector<EntryRow> copies;
  QuotaUse incoming;
  for (const EntryRow& row : waiting) {
    // That this epoch began at the server's wish, the newest one says too (`beginnings`); and what is shown once more stands there already.
    if (row.entry.to == 1 && (begun_for_server.contains(from.id) || shown.contains(from.id))) continue;
    EntryRow copy;
    if (row.entry.is_stub()) {  // it cannot be chained anew: what it stands for becomes a count
      TRY(counted, prepare(dropped_event("quota", sync::Severity::kMedium, row.entry.to - row.entry.from + 1, now())));
      copy = std::move(counted);
    } else {
      copy.entry.body = row.entry.body;
      copy.rank = row.rank;
      copy.sealed = row.sealed;
    }
    incoming.add(copy.rank, entry_bytes(copy));
    copies.push_back(std::move(copy));
  }
  const sync::ChainHead done{waiting.back().entry.to, waiting.back().entry.link};
  TRY_DONE(rows.set_offered(from.number, done.seq));  // no stub that makes room runs across it
  from.offered_seq = done.seq;
  TRY_DONE(make_room(incoming, limits()));
  TRY_DONE(keep_spare(incoming));
  Result<sync::ChainHead> known = done;
  TRY_DONE(write(copies, std::nullopt, [&]() -> Status {
    TRY_DONE(rows.mark_carried(from.number, done, now()));
    known = rows.known_after(from.number, done);
    return known ? ok() : Status(known.error());
  }));
  from.acknowledged = *known;
  return count_use();
}

// In portions, because a plan may stand for a whole book and the log is to stay small. One that is not finished is a shorter stub.
Status EventStore::State::drop_in_portions(std::span<const StubPlan> plans) {
  std::vector<StubPlan> portion;
  std::uint64_t entries = 0;
  const auto commit = [&] {
    const std::vector<StubPlan> now = std::exchange(portion, {});
    entries = 0;
    return rows.transaction([&]() -> Status {
      for (const StubPlan& plan : now) TRY_DONE(rows.make_stub(plan));
      return ok();
    });
  };
  for (const StubPlan& plan : plans) {
    for (std::uint64_t from = plan.from; from <= plan.to;) {
      TRY(part, rows.entries_up_to(plan.epoch, from, plan.to, kDroppedAtOnce));
      if (part.entries == 0) return make_error(ErrorCode::kDamaged, "the entries of a stub are not there");
      portion.push_back({plan.epoch, plan.from, part.to});
      entries += part.entries;
      from = part.to + 1;
      if (entries >= kDroppedAtOnce) TRY_DONE(commit());
    }
  }
  return portion.empty() ? ok() : commit();
}

Status EventStore::State::drop(std::span<const StubPlan> plans) {
  if (plans.empty()) return ok();
  const Status done = drop_in_portions(plans);
  TRY_DONE(count_use());
  return done;
}

// In rounds, because the stubs take some of the room again.
Status EventStore::State::make_room(const QuotaUse& incoming, const QuotaLimits& limits) {
  for (;;) {
    const std::uint64_t ordinary = use.bytes.ordinary + incoming.ordinary;
    const std::uint64_t total = ordinary + use.bytes.reserved + incoming.reserved;
    if (total <= limits.max_bytes && ordinary <= limits.max_bytes - limits.reserve_bytes) return ok();
    TRY(kept, rows.quota_rows());
    const std::vector<StubPlan> plans = decide_drops(kept, incoming, limits);
    if (plans.empty()) return make_error(ErrorCode::kFull, "nothing in the book may go for what comes");
    TRY_DONE(drop(plans));
  }
}

// The file grows here and nowhere else, and at once to the disk: were the new pages only in the log, a full disk would
// keep the log from being written back. Where the disk has nothing left to grow into, entries make the room.
Status EventStore::State::keep_spare(const QuotaUse& incoming) {
  const std::uint64_t wanted = kLeastSpare + 3 * (incoming.ordinary + incoming.reserved);
  TRY(spare, rows.spare_bytes());
  if (spare >= wanted) return ok();
  TRY(free, platform::free_bytes(settings.folder));
  if (free >= kLeastFree + 2 * wanted) return rows.make_spare(kSpare + wanted);
  const std::uint64_t used = use.bytes.ordinary + use.bytes.reserved;
  const Status made = make_room({}, {used - std::min(used, wanted), 0});
  return made || made.error().code != ErrorCode::kFull ? made : ok();  // what comes may still find room on the disk
}

// First the log is written back, so that it starts again from its beginning; then the ballast lends its room to that.
Status EventStore::State::with_room(const std::function<Status()>& work) {
  Status done = work();
  for (const bool give_ballast : {false, true}) {
    if (done || done.error().code != ErrorCode::kFull) return done;
    if (give_ballast) TRY_DONE(platform::remove_file(file("events.ballast")));
    const auto written_back = rows.checkpoint();
    if (!written_back && written_back.error().code != ErrorCode::kFull) return written_back;
    done = work();
  }
  if (!done) log_warning("events", "no room for the book: " + done.error().message);
  return done;
}

Status EventStore::State::keep_reserves() {
  TRY_DONE(keep_spare({}));
  TRY(free, platform::free_bytes(settings.folder));
  if (free < kLeastFree || platform::file_size(file("events.ballast"))) return ok();
  return platform::make_ballast(file("events.ballast"), kBallast);
}

EventStore::EventStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
EventStore::EventStore(EventStore&&) noexcept = default;
EventStore& EventStore::operator=(EventStore&&) noexcept = default;

EventStore::~EventStore() {
  if (!state_) return;
  const std::filesystem::path folder = state_->settings.folder;
  bool is_clean = sync_key().has_value() && !state_->is_damaged;
  is_clean = state_->rows.checkpoint().has_value() && is_clean;
  state_.reset();
  if (!is_clean || !leave_clean(folder))
    log_warning("events", "the book could not be left clean: it is checked at next start");
}

Result<EventStore> EventStore::open_once(const EventStoreSettings& settings, const Clock& clock) {
  TRY(book, find_book(settings, RatchetFile(settings.folder / "events.key"), bounded_time(clock.now())));
  const bool continues = book.key.has_value();
  const std::string reason = book.reason;
  const LastKnown last_known = book.last_known;
  const std::size_t given_up = book.given_up;
  EventStore store(std::make_unique<State>(settings, clock, std::move(book)));
  State& state = *store.state_;
  TRY_DONE(state.noted(state.count_use()));
  TRY_DONE(state.noted(state.find_left()));
  if (!continues) {
    TRY_DONE(
        state.noted(state.with_room([&state, &reason, &last_known] { return state.start_epoch(reason, last_known, last_known); })));
  }
  if (given_up > 0) {
    const auto said = store.append(std::vector{dropped_event("damage", sync::Severity::kHigh, given_up, state.now())});
    if (!said) log_error("events", "not stored: " + said.error().message);
  }
  // What a process wrote that was killed may be in the book and not on the disk yet. The key must not get ahead of the book,
  // and a group that is known must be safe.
  // Appending needs neither: on a full disk they are done later.
  for (const Status& done : {store.sync_key(), state.noted(state.keep_reserves())}) {
    if (!done && done.error().code != ErrorCode::kFull) return done.error();
  }
  return store;
}

Result<EventStore> EventStore::open(const EventStoreSettings& settings, const Clock& clock) {
  auto store = open_once(settings, clock);
  if (!store && store.error().code == ErrorCode::kFull) {
    TRY_DONE(platform::remove_file(settings.folder / "events.ballast"));
    store = open_once(settings, clock);
  }
  // Damage that showed only now: the flag of the clean stop is gone, so this time the book is gone through.
  if (!store && store.error().code == ErrorCode::kDamaged) store = open_once(settings, clock);
  return store;
}

Status EventStore::append(std::span<const NewEvent> events, const std::optional<GroupId>& group) {
  if (group && state_->told.contains(*group)) return ok();
  std::vector<EntryRow> entries;
  QuotaUse incoming;
  for (const NewEvent& event : events) {
    TRY(row, prepare(event));
    incoming.add(row.rank, entry_bytes(row));
    entries.push_back(std::move(row));
  }
  if (entries.empty() && !group) return ok();
  return state_->noted(state_->with_room([&]() -> Status {
    TRY_DONE(state_->make_room(incoming, state_->limits()));
    TRY_DONE(state_->keep_spare(incoming));
    return state_->write(entries, group);
  }));
}

Status EventStore::sync_key() {
  if (!state_->is_written_back) {
    TRY_DONE(state_->noted(state_->with_room([this] { return state_->rows.checkpoint(); })));
    state_->is_written_back = true;
  }
  if (state_->key_is_synced) return ok();
  TRY_DONE(state_->key_file.sync(state_->key));
  state_->key_is_synced = true;
  return ok();
}

Status EventStore::begin_epoch(const std::string& reason) {
  const LastKnown last_known{state_->current().id, state_->current().head};
  const LastKnown sent{state_->current().id, state_->current().acknowledged};
  TRY_DONE(state_->noted(state_->with_room([&] { return state_->start_epoch(reason, last_known, sent); })));
  return sync_key();
}

Status EventStore::maintain() {
  const UnixSeconds cutoff = state_->now() - kKeepAcknowledged;
  TRY(kept, state_->noted(state_->rows.quota_rows()));
  std::vector<bool> dropped;
  for (const QuotaRow& row : kept) {
    dropped.push_back(row.acknowledged != 0 && std::abs(row.acknowledged) <= cutoff && !row.is_stub && row.from != 1);
  }
  TRY_DONE(state_->noted(state_->with_room([&] { return state_->drop(plan_stubs(kept, dropped)); })));
  return state_->noted(state_->keep_reserves());
}

Result<std::vector<StoredEntry>> EventStore::list(std::uint64_t from_seq, std::size_t limit, std::size_t max_bytes) {
  TRY(found,
      state_->noted(state_->rows.entries(state_->current().number, from_seq, std::min<std::size_t>(limit, 1000))));
  std::vector<StoredEntry> out;
  for (EntryRow& row : found) {
    const std::size_t size = row.entry.body.size() + row.sealed.size();
    if (size > max_bytes) break;
    max_bytes -= size;
    out.push_back({row.entry.from, row.entry.to, row.acknowledged, std::move(row.entry.body), std::move(row.sealed)});
  }
  return out;
}

void EventStore::set_quota(const QuotaLimits& quota) { state_->settings.quota = quota; }

bool EventStore::is_damaged() const {
  return state_->is_damaged;
}

EventStoreStatus EventStore::status() const {
  EventStoreStatus status{state_->current().id, state_->current().head, state_->use.queued, 0,
                          state_->use.bytes.ordinary + state_->use.bytes.reserved + state_->epoch_bytes()};
  for (const EpochRow& epoch : state_->epochs) status.last_receipt = std::max(status.last_receipt, epoch.receipt_time);
  return status;
}

}  // namespace caretaker::agent
