#include "agent/guard/guard.h"

#include <algorithm>
#include <iterator>

#include "platform/base/log.h"
#include "platform/file_system.h"

namespace caretaker::agent {

using sync::Severity;

namespace {

// As much as a policy can say: one that is damaged, or of somebody who has left, makes no room at the expense of what waits for the server.
constexpr std::uint64_t kQuotaWithoutPolicy = std::uint64_t{4096} << 20;
constexpr std::size_t kMaxUnstored = 4096;  // events that wait while the disk is full
constexpr std::size_t kMaxKnownUsers = 256;
constexpr MonotonicMs kBookRetryMs = 60'000;
constexpr MonotonicMs kBetweenWalksMs = 86'400'000;

}  // namespace

Guard::Guard(const GuardSettings& settings, const Clock& clock, DeviceIdentity identity, PolicyStore trust,
             WebReports::FindUser find_user)
    : settings_(settings), clock_(clock), find_user_(std::move(find_user)), identity_(std::move(identity)),
      trust_(std::move(trust)), book_(trust_, clock), letters_(settings.state / "letters.json", trust_, clock),
      exceptions_(settings.state / "exceptions.json", trust_, clock_, [this](const Subject& subject) { book_.note(subject); }),
      portal_(trust_, book_, clock_),
      orders_({settings.state, settings.hardware, settings.start_wipe, settings.intent, [this] { return letters_.forget_lost(); }}, identity_, trust_, book_, clock),
      checkin_(identity_, trust_, letters_, book_, clock), web_(find_user_, clock), help_(find_user_, clock), programs_(find_user_, clock),
      suspensions_(settings.state / "suspensions.json", clock), gate_seen_(clock.monotonic_ms()), inspect_seen_(clock.monotonic_ms()),
      programs_seen_(clock.monotonic_ms()), programs_looked_(clock.monotonic_ms()),
      next_walk_(clock.monotonic_ms() + kBetweenWalksMs) {
  letters_.set_part(sync::PayloadType::kException, [this](const sync::RawBlob& blob, const sync::LetterId& id, const Letters::Room& room) {
    return exceptions_.take(blob, id, identity_.id(), room);
  });
  if (!settings_.notice.empty()) notice_file_.emplace(settings_.notice);
  if (settings_.posture) posture_.emplace(settings_.state / "posture.json", settings_.posture, book_, clock_);
  letters_.set_part(sync::PayloadType::kOrder, [this](const sync::RawBlob& blob, const sync::LetterId&, const Letters::Room& room) {
    return orders_.take(blob, room);
  });
  if (settings_.sessions == nullptr) return;
  const auto find_user_here = [this](std::uint32_t uid) { return find_known_user(uid); };
  session_watch_.emplace(*settings_.sessions, find_user_here, [this](const Subject& subject) { book_.note(subject); },
                         SessionFiles{settings_.state / "refused-logins", settings_.last_look}, clock_);
}

Result<std::unique_ptr<Guard>> Guard::open(const GuardSettings& settings, const Clock& clock,
                                           WebReports::FindUser find_user) {
  TRY_DONE(platform::make_folder(settings.state, 0700));
  TRY(identity, DeviceIdentity::open(settings.state, settings.hardware));
  TRY(trust, PolicyStore::open(settings.state / "trust"));
  if (identity.state() != DeviceIdentity::State::kNone) TRY_DONE(trust.load(identity.school()));
  std::unique_ptr<Guard> guard(new Guard(settings, clock, std::move(identity), std::move(trust), std::move(find_user)));
  // Without a book, whatever keeps it from being opened, the filter must go on all the same; each minute it is tried again.
  if (auto opened = guard->open_book(); !opened) log_error("events", "no book: " + opened.error().message);
  guard->orders_.load();
  guard->book_.note({"guard.started", CARETAKER_VERSION});
  guard->exceptions_.read();
  for (const std::string& code : guard->health()) {
    log_warning("guard", code);
    guard->book_.note({"guard.health", code, Severity::kMedium});
  }
  return guard;
}

Status Guard::open_book() {
  if (identity_.state() == DeviceIdentity::State::kNone || trust_.root() == nullptr) return ok();
  return book_.open({settings_.state / "events", identity_.school(), identity_.id(), trust_.root()->root().server_box, quota()});
}

QuotaLimits Guard::quota() const {
  const std::uint64_t bytes = trust_.policy() == nullptr ? kQuotaWithoutPolicy : static_cast<std::uint64_t>(trust_.policy()->rules.event_quota_bytes);
  return {bytes, bytes / 8};
}

Revision Guard::revision(const std::vector<Exceptions::Open>& open, const std::optional<Portal::Open>& portal) const {
  if (trust_.policy() == nullptr || trust_.set() == nullptr) return {};
  Hasher hasher;
  hasher.add(trust_.policy()->envelope);
  hasher.add(trust_.lists()->verified.manifest().content);
  // The same content in a new file, after a damaged one, is news to whoever has mapped that.
  const std::uint8_t damaged = static_cast<std::uint8_t>(trust_.sets_damaged());
  if (damaged > 0) hasher.add({&damaged, 1});
  for (const Exceptions::Open& exception : open) hasher.add(exception.id);
  if (portal) hasher.add(as_bytes(portal->name + " " + std::to_string(portal->ends)));
  return hasher.finish();
}

std::set<std::string> Guard::health() const {
  std::set<std::string> codes = book_.health();
  if (platform::is_read_only(settings_.state)) codes.insert("state-read-only");
  if (identity_.was_damaged()) codes.insert("identity-damaged");
  if (identity_.in_doubt()) codes.insert("hardware-unreadable");
  if (identity_.needs_re_enrolment()) codes.insert("re-enrolment-needed");
  if (identity_.state() == DeviceIdentity::State::kNone || !had_school()) {
    codes.insert("not-enrolled");
    return codes;
  }
  codes.merge(trust_.health(clock_.now()));
  codes.merge(orders_.health());
  codes.merge(letters_.health());
  add_gate_health(codes);
  add_inspect_health(codes);
  add_programs_health(codes);
  return codes;
}

bool Guard::had_school() const {
  return identity_.state() == DeviceIdentity::State::kCertified || identity_.was_damaged() || trust_.had_school();
}

void Guard::store_repeats(bool all) {
  if (trust_.policy() == nullptr) return;
  for (PlannedEvent& event : web_.take_repeats(trust_.policy()->rules, all)) unstored_.push_back(std::move(event));
  for (PlannedEvent& event : programs_.take_repeats(trust_.policy()->rules, all)) unstored_.push_back(std::move(event));
  std::uint32_t dropped = web_.take_dropped() + programs_.take_dropped();
  for (; unstored_.size() > kMaxUnstored; unstored_.pop_back()) dropped += unstored_.back().count;
  if (!unstored_.empty() && book_.append(unstored_)) unstored_.clear();
  if (dropped > 0) {
    book_.note({"events.dropped", "rate", Severity::kMedium}, dropped);
  }
}

Result<std::vector<PlannedEvent>> Guard::store_once(std::uint32_t caller, const GroupId& group, const Plan& plan) {
  if (book_.store() == nullptr) return make_error(ErrorCode::kUnavailable, "there is nowhere to record as yet");
  Reported& reported = reported_[caller];
  if (reported.stored == group) return std::vector<PlannedEvent>();
  if (!reported.unstored || reported.unstored->id != group) {
    // The caller began anew and will not come with that group again: its events are stored as soon as they can be, for repeats of them are
    // only counted by now.
    if (reported.unstored) std::ranges::move(reported.unstored->events, std::back_inserter(unstored_));
    reported.unstored = UnstoredGroup{group, plan()};
  }
  if (!reported.unstored->events.empty()) TRY_DONE(book_.append(reported.unstored->events, group));
  std::vector<PlannedEvent> stored = std::move(reported.unstored->events);
  reported = {group, std::nullopt};
  return stored;
}

void Guard::plan_note(const Subject& subject, std::uint32_t count, std::vector<PlannedEvent>& out) {
  if (count == 0) return;
  if (auto first = book_.begin_note(subject, count)) out.push_back(std::move(*first));
}

void Guard::try_book_again() {
  if (book_.store() != nullptr || clock_.monotonic_ms() < next_book_) return;
  next_book_ = clock_.monotonic_ms() + kBookRetryMs;
  if (auto opened = open_book(); !opened) log_debug("events", "no book yet: " + opened.error().message);
}

void Guard::take_gate(std::unique_ptr<platform::VolumeGate> gate, Media::PresentUsers present, Media::Unmount unmount) {
  const auto tell = [this](const std::string& sentence) {
    if (session_watch_) session_watch_->tell_present(sentence);
  };
  media_.emplace(trust_, book_, clock_, std::move(gate), std::move(present), tell, std::move(unmount));
}

void Guard::on_sighting(const Sighting& sighting) {
  if (media_) media_->on_sighting(sighting);
}

void Guard::tick() {
  try_book_again();
  store_repeats(false);
  if (media_) media_->tick();
  if (posture_) posture_->tick();
  exceptions_.tick();
  portal_.tick();
  orders_.tick();
  if (notice_file_) notice_file_->update(notice());
  book_.set_quota(quota());
  book_.tick();
  if (clock_.monotonic_ms() >= next_walk_) {
    trust_.check_set_again();
    next_walk_ = clock_.monotonic_ms() + kBetweenWalksMs;
  }
  watch_sessions();
  watch_programs();
}

// Whoever's programs were refused, in their own sessions.
void Guard::tell_about_programs() {
  const auto notices = programs_.take_notices();
  if (settings_.sessions == nullptr || notices.empty()) return;
  const auto sessions = settings_.sessions->list();
  if (!sessions) return;
  for (const platform::Session& session : *sessions) {
    const auto notice = notices.find(session.uid);
    if (notice == notices.end()) continue;
    if (auto told = settings_.sessions->tell(session, notice->second); !told) log_debug("programs", told.error().message);
  }
}

// A school's machine locks also while it has no policy that it can read, and a lost one before it has any.
bool Guard::watches_sessions() const {
  return session_watch_ && (trust_.policy() != nullptr || orders_.lock() != nullptr || had_school());
}

void Guard::watch_sessions() {
  if (!session_watch_) return;
  session_watch_->set_device_locked(orders_.lock() != nullptr);
  if (!watches_sessions()) return;
  if (trust_.policy() == nullptr) return session_watch_->on_time_without_policy();
  session_watch_->on_time(watched_rules());
}

// A directory that does not answer now may have answered before: who a session belongs to does not change with it.
Result<platform::User> Guard::find_known_user(std::uint32_t uid) {
  auto user = find_user_(uid);
  if (user) {
    if (known_users_.contains(uid) || known_users_.size() < kMaxKnownUsers) known_users_[uid] = *user;
    return user;
  }
  const auto known = known_users_.find(uid);
  if (known == known_users_.end()) return user;
  return known->second;
}

const policy::Policy& Guard::watched_rules() {
  const policy::Policy& rules = trust_.policy()->rules;
  policy::Suspensions in_force = suspensions_.in_force(rules.suspended, std::max(trust_.judged_time(0), checkin_.receipt_time()));
  const auto version = trust_.policy()->verified.bundle().version;
  const bool is_new = version != watched_version_ || !watched_;
  if (is_new) {
    watched_ = rules;
    session_watch_->on_new_policy();
  }
  watched_version_ = version;
  watched_->suspended = std::move(in_force);
  return *watched_;
}

void Guard::check_set_part() {
  trust_.check_set_part();
  if (trust_.set() == nullptr) book_.note({"guard.health", "lists-damaged", Severity::kMedium});
}

void Guard::close() {
  store_repeats(true);
  if (session_watch_) session_watch_->forget_look();
  book_.close();
}

}  // namespace caretaker::agent
