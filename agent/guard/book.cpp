#include "agent/guard/book.h"

#include "platform/base/count.h"
#include "platform/base/log.h"

namespace caretaker::agent {
namespace {

constexpr MonotonicMs kNoteMs = 3'600'000;
constexpr std::string_view kDropped = "events.dropped";
constexpr MonotonicMs kDroppedMs = 60'000;  // what happened and is only a number should not be lost with the power as well
constexpr MonotonicMs kMaintainMs = 600'000;
constexpr std::size_t kMaxNotes = 512;  // within the hour; beyond that "L5:<id>" is written as "L5", for ids come from outside

std::string key_of(const Subject& subject) { return subject.kind + '\n' + subject.rule; }

}  // namespace

std::map<sync::KeyId, BoxPublicKey> recipients_of_kind(const PolicyStore& trust, const std::string& kind) {
  if (trust.root() == nullptr) return {};
  const sync::Root& root = trust.root()->root();
  if (trust.policy() != nullptr) {
    auto named = sync::recipients_of(root, policy::recipients_for(trust.policy()->rules, kind));
    if (!named.empty()) return named;
  }
  const std::vector<std::string> leads{"safeguarding"};
  return sync::recipients_of(root, leads);
}

Book::Book(const PolicyStore& trust, const Clock& clock) : trust_(trust), clock_(clock) {}

Status Book::open(EventStoreSettings settings) {
  settings_ = std::move(settings);
  store_.reset();  // one connection to one file
  auto store = EventStore::open(settings_, clock_);
  failing_ = !store;
  if (!store) return store.error();
  store_.emplace(std::move(*store));
  return ok();
}

void Book::set_quota(const QuotaLimits& quota) {
  settings_.quota = quota;
  if (store_) store_->set_quota(quota);
}

// A book that turns out to be damaged is opened again, which sets it aside and begins a new one.
Status Book::append_events(const std::vector<NewEvent>& events, const std::optional<GroupId>& group) {
  if (!store_) return make_error(ErrorCode::kUnavailable, "there is no book yet");
  auto stored = store_->append(events, group);
  if (stored || stored.error().code != ErrorCode::kDamaged) return stored;
  TRY_DONE(open(EventStoreSettings(settings_)));
  return store_->append(events, group);
}

NewEvent Book::make_event(const PlannedEvent& planned) const {
  const Subject& subject = planned.subject;
  NewEvent event;
  event.body = {subject.kind, planned.time, subject.severity, subject.rule, planned.count, std::nullopt, std::nullopt};
  if (subject.details) {
    sync::Sealing sealing = sync::seal_details(*subject.details, recipients_of_kind(trust_, subject.kind));
    event.body.sealed = sealing.hash;
    event.body.key_commitment = sealing.commitment;
    event.sealed = std::move(sealing.sealed);
  }
  return event;
}

Status Book::append(const std::vector<PlannedEvent>& planned, const std::optional<GroupId>& group) {
  std::vector<NewEvent> events;
  for (const PlannedEvent& event : planned) events.push_back(make_event(event));
  auto stored = append_events(events, group);
  if (!store_) return stored;
  if (!stored && !failing_) log_error("events", "not stored: " + stored.error().message);
  failing_ = !stored;
  return stored;
}

std::optional<PlannedEvent> Book::begin_note(const Subject& given, std::uint32_t count) {
  Subject subject = given;
  if (notes_.size() >= kMaxNotes) subject.rule = subject.rule.substr(0, subject.rule.find(':'));
  const std::string key = key_of(subject);
  if (const auto known = notes_.find(key); known != notes_.end()) {
    add_to_count(known->second.repeats, count);
    return std::nullopt;
  }
  log_info("events", subject.kind + " " + subject.rule);
  const MonotonicMs window = subject.kind == kDropped ? kDroppedMs : kNoteMs;
  notes_[key] = {subject, 0, clock_.monotonic_ms() + window};
  return PlannedEvent{subject, count, clock_.now()};
}

bool Book::note(const Subject& subject, std::uint32_t count) {
  const auto first = begin_note(subject, count);
  if (first && !append({*first})) notes_[key_of(first->subject)].repeats = count;
  return first.has_value();
}

void Book::close_notes(MonotonicMs now) {
  for (auto note = notes_.begin(); note != notes_.end();) {
    if (note->second.ends > now) {
      ++note;
      continue;
    }
    if (note->second.repeats > 0 && !append({{note->second.subject, note->second.repeats, clock_.now()}})) return;
    note = notes_.erase(note);
  }
}

void Book::tick() {
  if (store_ && store_->is_damaged()) {
    if (auto opened = open(EventStoreSettings(settings_)); !opened) log_error("events", opened.error().message);
  }
  if (!store_) return;
  close_notes(clock_.monotonic_ms());
  if (!store_) return;  // it was damaged, and could not be opened again
  if (auto synced = store_->sync_key(); !synced) {
    log_error("events", "the ratchet's key: " + synced.error().message);
    failing_ = true;
  }
  if (clock_.monotonic_ms() - maintained_ < kMaintainMs) return;
  maintained_ = clock_.monotonic_ms();
  if (auto done = store_->maintain(); !done) log_error("events", "housekeeping: " + done.error().message);
}

void Book::close() {
  if (store_) close_notes(INT64_MAX);
  store_.reset();
}

std::set<std::string> Book::health() const {
  std::set<std::string> codes;
  if (failing_) codes.insert("events-not-stored");
  if (store_ && recipients_of_kind(trust_, "web.blocked").empty()) codes.insert("no-recipients");
  return codes;
}

}  // namespace caretaker::agent
