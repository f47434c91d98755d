#include "agent/guard/orders.h"

#include <algorithm>

#include "agent/guard/signer_room.h"
#include "agent/guard/trust_updates.h"
#include "agent/guard/wipe.h"
#include "agent/wipe_intent.h"
#include "platform/base/log.h"
#include "platform/files.h"
#include "sync/checks.h"
#include "sync/unlock_code.h"
#include "sync/wipe_certificate.h"

namespace caretaker::agent {
namespace {

using sync::OrderKind;
using sync::Severity;
using sync::VerifiedOrder;

constexpr MonotonicMs kSaveMs = 10'000;        // of grace time: a power cut gives that much of it back
constexpr MonotonicMs kLongestStepMs = 60'000;  // between two ticks; a sleep is not time powered on
constexpr MonotonicMs kStartAgainMs = 60'000;
constexpr SignerRoom kRoomForEnded{4096, 256};
constexpr std::size_t kLocks = 64;
constexpr std::size_t kLocksOfOne = 8;
constexpr std::size_t kMaxNotice = 64u << 10;

Subject finding(const char* state, const VerifiedOrder& order, Severity severity = Severity::kMedium) {
  return {std::string("order.") + state, to_hex(order.order().id), severity};
}

// One line, whatever somebody wrote: it is shown on a terminal.
std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : text) out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c);
  return out;
}

Status show_notice(const std::filesystem::path& file, const LostNotice& notice) {
  return notice.is_locked ? platform::replace_file(file, as_bytes(notice_text(notice)), 0600) : platform::remove_file(file);
}

// A policy may have come with other words, or a root with another name of the school; or there is room on the disk again.
void refresh_notice(const std::filesystem::path& file, const LostNotice& notice) {
  const auto shown = platform::read_file(file, kMaxNotice);
  if (shown && as_text(*shown) == notice_text(notice)) return;
  if (auto done = show_notice(file, notice); !done) log_debug("orders", done.error().message);  // whoever took the order has told
}

// An order may come once more, when the power went before its letter was remembered: it says what it said, and changes nothing.
bool is_same(const std::optional<VerifiedOrder>& stored, const VerifiedOrder& order) { return stored && stored->order().id == order.order().id; }

bool is_order(const Bytes& envelope, const sync::OrderId& id) {
  const auto label = sync::read_letter_label({envelope});
  return label && label->id == id;
}

void remove_lock(OrdersState& state, const sync::OrderId& id) {
  std::erase_if(state.locks, [&id](const Bytes& envelope) { return is_order(envelope, id); });
}

// Of every volume that had any.
bool all_keys_are_gone(const std::vector<sync::WipedMedium>& media) {
  const auto had_keys = [](const sync::WipedMedium& medium) { return medium.key_slots > 0 && medium.kept_for.empty(); };
  return std::ranges::any_of(media, had_keys) &&
         std::ranges::none_of(media, [&](const sync::WipedMedium& medium) { return had_keys(medium) && !medium.is_verified; });
}

}  // namespace

std::string notice_text(const LostNotice& notice) {
  std::string text = "\nThis computer belongs to " + one_line(notice.school) + " and has been reported lost.\n";
  if (!notice.message.empty()) text += one_line(notice.message) + "\n";
  if (!notice.telephone.empty()) text += "Please call " + one_line(notice.telephone) + ".\n";
  if (notice.challenge.empty()) return text + "\n";
  return text + "To unlock it by telephone, press Ctrl+Alt+F8 and read out this number: " + notice.challenge.substr(0, 4) + " " +
         notice.challenge.substr(4) + "\n\n";
}

Orders::Orders(OrdersSettings settings, const DeviceIdentity& identity, const PolicyStore& trust, Book& book, const Clock& clock)
    : settings_(std::move(settings)), identity_(identity), trust_(trust), book_(book), clock_(clock) {}

sync::OrderedMachine Orders::machine(const sync::EndedOrders& ended) const {
  return {identity_.id(), settings_.hardware, state_.is_forked || identity_.in_doubt(), &ended};
}

bool Orders::is_elsewhere() const {
  return !state_.device.empty() && identity_.state() != DeviceIdentity::State::kNone && state_.device != to_hex(identity_.id());
}

sync::DeviceId Orders::ordered_device() const {
  const auto bytes = parse_hex(state_.device);
  const auto device = bytes ? to_array<32>(*bytes) : Result<sync::DeviceId>(bytes.error());
  return device ? *device : identity_.id();
}

std::optional<VerifiedOrder> Orders::reopen(const Bytes& envelope, const char* what) const {
  if (envelope.empty() || trust_.roots().empty()) return std::nullopt;
  auto reopened = sync::reopen_order({envelope}, trust_.roots(), ordered_device());
  if (reopened) return std::move(reopened->order);
  log_error("orders", std::string(what) + " does not hold any more: " + reopened.error().message);
  book_.note({"order.refused", rule_of(reopened.error()), Severity::kHigh});
  return std::nullopt;
}

// What was ordered of the machine that was enrolled stands in a machine that is not: only whoever has a token for that ends it.
// What is lost stays lost until the letters know of it, so that a lock which comes again is taken.
OrdersState Orders::begin_anew(const std::string& device, bool is_lost) {
  OrdersState fresh;
  fresh.device = device;
  fresh.secret = random_key();
  if (is_lost) book_.note({"guard.health", "orders-damaged", Severity::kHigh});
  Status done = is_lost && settings_.on_lost ? settings_.on_lost() : ok();
  if (done) done = write_orders(settings_.folder, fresh);
  if (!done) log_error("orders", done.error().message);
  return fresh;
}

void Orders::load(bool is_new) {
  if (identity_.state() == DeviceIdentity::State::kNone) return;
  if (identity_.state() == DeviceIdentity::State::kCertified && !settings_.intent.empty()) {
    if (auto done = forget_other_intent(settings_.intent, identity_.id()); !done) log_error("orders", "an old intent: " + done.error().message);
  }
  auto stored = read_orders(settings_.folder);
  const std::string device = to_hex(identity_.id());
  if (stored && (stored->device == device || identity_.state() != DeviceIdentity::State::kCertified)) {
    state_ = std::move(*stored);
  } else {
    if (!stored) log_warning("orders", stored.error().message);
    state_ = begin_anew(device, !stored && !is_new && identity_.state() == DeviceIdentity::State::kCertified);
  }
  locks_.clear();
  wipe_.reset();
  reopen_stored();
  counted_ = saved_ = clock_.monotonic_ms();
  pause_until_ = counted_ + sync::unlock_pause_s(state_.wrong_codes) * 1000;
  write_notice();
}

// Also when roots come that a damaged disk had lost: what is stored waits for those by which it was accepted.
void Orders::reopen_stored() {
  roots_known_ = trust_.roots().size();
  locks_.clear();
  for (const Bytes& envelope : state_.locks) {
    if (auto lock = reopen(envelope, "the lock")) locks_.push_back(std::move(*lock));
  }
  if (!wipe_) wipe_ = reopen(state_.wipe, "the wipe");
}

Status Orders::save(OrdersState next) {
  TRY_DONE(write_orders(settings_.folder, next));
  state_ = std::move(next);
  return ok();
}

void Orders::forget_old(OrdersState& state) const {
  const UnixSeconds past = trust_.surely_past(clock_.now());
  std::erase_if(state.ended, [past](const auto& ended) { return ended.second.until <= past; });
}

Status Orders::note_ended(OrdersState& state, const VerifiedOrder& order, bool is_in_force) const {
  forget_old(state);
  const OrdersState::EndedOrder target{*order.order().target, *sync::kind_ended_by(order.order().kind)};
  const std::string by = signers_name(order.signers());
  const bool is_kept = state.ended.contains(target) || has_room(state.ended, by, kRoomForEnded);
  if (is_kept) state.ended[target] = {order.order().issued + sync::kMaxOrderLifetime, by};
  if (is_kept || is_in_force) return ok();  // what is in force has come as a letter, and is remembered as one
  return sync::refuse(sync::Check::kLetterRoom, "of orders that were ended before they came, by this signer or in all");
}

Result<Letters::Taken> Orders::take(const sync::RawBlob& envelope, const Letters::Room& room) {
  if (identity_.state() != DeviceIdentity::State::kCertified || trust_.root() == nullptr) {
    return make_error(ErrorCode::kUnavailable, "not enrolled: there is nobody to be ordered");
  }
  if (state_.device != to_hex(identity_.id())) load(true);
  if (trust_.roots().size() != roots_known_) reopen_stored();
  sync::EndedOrders ended;
  for (const auto& [order, end] : state_.ended) ended.insert(order);
  TRY(order, sync::open_order(envelope, *trust_.root(), machine(ended), {clock_.now(), trust_.judged_time(0)}));
  const std::string by = signers_name(order.signers());
  // A lock or a wipe must not come twice; an unlock or a cancel that does ends nothing.
  if (!order.order().target) TRY_DONE(room(by));
  const auto take = [&]() -> Result<std::vector<Subject>> {
    switch (order.order().kind) {
      case OrderKind::kLock: return take_lock(order, envelope.bytes);
      case OrderKind::kUnlock: return take_unlock(order);
      case OrderKind::kWipe: return take_wipe(order, envelope.bytes);
      case OrderKind::kCancel: return take_cancel(order);
    }
    return make_error(ErrorCode::kInternal, "no such kind");
  };
  TRY(findings, take());
  write_notice();
  return Letters::Taken{order.order().until, std::move(findings), by, order.order().kind == OrderKind::kLock};
}

Status Orders::make_place(OrdersState& state, const VerifiedOrder& order) const {
  std::vector<const VerifiedOrder*> of_this_signer;
  for (const VerifiedOrder& lock : locks_) {
    if (lock.signers() == order.signers()) of_this_signer.push_back(&lock);
  }
  if (of_this_signer.size() >= kLocksOfOne) {
    const auto issued = [](const VerifiedOrder* lock) { return lock->order().issued; };
    const VerifiedOrder& oldest = **std::ranges::min_element(of_this_signer, {}, issued);
    if (oldest.order().issued >= order.order().issued) return sync::refuse(sync::Check::kLetterRoom, "newer locks by the same person hold");
    remove_lock(state, oldest.order().id);
  }
  return state.locks.size() < kLocks ? ok() : sync::refuse(sync::Check::kLetterRoom, "of locks");
}

Result<std::vector<Subject>> Orders::take_lock(const VerifiedOrder& order, ByteView envelope) {
  const auto is_it = [&order](const VerifiedOrder& lock) { return lock.order().id == order.order().id; };
  if (std::ranges::any_of(locks_, is_it)) return std::vector<Subject>{finding("locked", order)};
  OrdersState next = state_;
  TRY_DONE(make_place(next, order));
  next.locks.push_back(to_bytes(envelope));
  next.challenge = sync::make_challenge();  // a code that was read out before is none for this one
  if (locks_.empty()) next.wrong_codes = 0;
  TRY_DONE(save(std::move(next)));
  reopen_stored();
  return std::vector<Subject>{finding("locked", order)};
}

Result<std::vector<Subject>> Orders::take_unlock(const VerifiedOrder& order) {
  OrdersState next = state_;
  const sync::OrderId& target = *order.order().target;
  remove_lock(next, target);  // also one that waits for the roots by which it was accepted
  const bool lifts = next.locks.size() < state_.locks.size();
  TRY_DONE(note_ended(next, order, lifts));
  const bool is_open = next.locks.empty() && state_.wipe.empty();
  if (next.locks.empty()) next.challenge.clear();
  TRY_DONE(save(std::move(next)));
  std::erase_if(locks_, [&target](const VerifiedOrder& lock) { return lock.order().id == target; });
  return std::vector<Subject>{finding(!lifts ? "nothing-to-end" : is_open ? "unlocked" : "still-locked", order)};
}

Result<std::vector<Subject>> Orders::take_wipe(const VerifiedOrder& order, ByteView envelope) {
  const std::vector<Subject> findings{finding("delivered", order, Severity::kHigh), finding("grace", order, Severity::kHigh)};
  if (is_same(wipe_, order)) return findings;
  if (wipe_) return make_error(ErrorCode::kConflict, "A8: another wipe is under way");
  OrdersState next = state_;
  next.wipe = to_bytes(envelope);
  next.phase = WipePhase::kGrace;
  next.grace_left_s = order.order().grace_s;
  TRY_DONE(save(std::move(next)));
  wipe_ = order;
  counted_ = saved_ = clock_.monotonic_ms();
  return findings;
}

Result<std::vector<Subject>> Orders::take_cancel(const VerifiedOrder& order) {
  OrdersState next = state_;
  const bool fits = is_order(state_.wipe, *order.order().target);  // also one that waits for the roots by which it was accepted
  TRY_DONE(note_ended(next, order, fits));
  const bool in_time = fits && (state_.phase == WipePhase::kGrace || state_.phase == WipePhase::kFailed || has_not_begun());
  if (in_time) {
    next.wipe.clear();
    next.phase = WipePhase::kNone;
  }
  TRY_DONE(save(std::move(next)));
  if (in_time) {
    wipe_.reset();
    remove_mark(kWipeNotBegunFile);
  }
  return std::vector<Subject>{finding(in_time ? "cancelled" : fits ? "too-late" : "nothing-to-end", order, Severity::kHigh)};
}

const LockPermit* Orders::lock() const {
  if (wipe_) return &*wipe_->lock_permit();
  return locks_.empty() ? nullptr : &*locks_.back().lock_permit();
}

LostNotice Orders::notice() const {
  const LockPermit* permit = lock();
  if (permit == nullptr || trust_.root() == nullptr) return {};
  LostNotice notice{true, trust_.root()->root().school_name, permit->message(), permit->telephone(), wipe_ ? "" : state_.challenge};
  if (notice.message.empty() && !locks_.empty()) notice.message = locks_.back().order().message;
  if (notice.telephone.empty() && !locks_.empty()) notice.telephone = locks_.back().order().telephone;
  const policy::LostWords words = trust_.policy() == nullptr ? policy::LostWords() : trust_.policy()->rules.lost;
  if (notice.message.empty()) notice.message = words.message;
  if (notice.telephone.empty()) notice.telephone = words.telephone;
  return notice;
}

// pam_nologin shows this file to whoever tries to log in, and lets nobody but root in while it is there.
void Orders::write_notice() const {
  const Status done = show_notice(settings_.folder / "locked-notice", notice());
  if (done) return;
  log_error("orders", done.error().message);
  book_.note({"order.refused", "notice-not-written", Severity::kHigh});
}

std::set<std::string> Orders::health() const {
  std::set<std::string> codes;
  if (lock() != nullptr) codes.insert("device-locked");
  if (wipe_) codes.insert("wipe-" + std::string(wipe_phase_name(state_.phase)));
  if (state_.is_forked) codes.insert("identity-forked");
  return codes;
}

Status Orders::unlock(std::string_view typed) {
  if (wipe_) return make_error(ErrorCode::kPermissionDenied, "a wipe was ordered: only an order of the school ends that");
  if (locks_.empty()) return make_error(ErrorCode::kNotFound, "this device is not locked");
  const MonotonicMs now = clock_.monotonic_ms();
  if (now < pause_until_) {
    return make_error(ErrorCode::kUnavailable, "too many wrong codes: again in " + std::to_string((pause_until_ - now) / 1000 + 1) + " seconds");
  }
  TRY(code, sync::parse_digits(typed));
  const std::string right = sync::unlock_code(state_.secret, ordered_device(), state_.challenge);
  const bool fits = equal_constant_time(as_bytes(code), as_bytes(right));
  OrdersState next = state_;
  next.wrong_codes = fits ? 0 : state_.wrong_codes + 1;
  if (fits) {
    next.locks.clear();
    next.challenge.clear();
    forget_old(next);
    for (const VerifiedOrder& lock : locks_) {
      const OrdersState::EndedOrder ended{lock.order().id, OrderKind::kLock};
      if (next.ended.size() < kRoomForEnded.in_all) next.ended[ended] = {lock.order().issued + sync::kMaxOrderLifetime, "a code"};
    }
  }
  TRY_DONE(save(std::move(next)));  // before the answer: the power button takes no wrong try back
  pause_until_ = now + sync::unlock_pause_s(state_.wrong_codes) * 1000;
  if (!fits) {
    book_.note({"order.wrong-code", to_hex(locks_.back().order().id), Severity::kMedium});
    return make_error(ErrorCode::kPermissionDenied, "that is not the code for this number");
  }
  for (const VerifiedOrder& lock : locks_) book_.note({"order.unlocked-by-code", to_hex(lock.order().id), Severity::kMedium});
  locks_.clear();
  write_notice();
  return ok();
}

Json::Object Orders::state_members() {
  if (trust_.root() == nullptr || state_.device.empty()) return {};
  const std::int64_t version = trust_.root()->root().version;
  if (boxes_for_ != version) boxes_ = sync::seal_unlock_secret(state_.secret, trust_.root()->root());
  boxes_for_ = version;
  Json::Object members{{"unlock", boxes_}};
  if (!state_.certificate.empty()) members["wipe_certificate"] = to_base64(state_.certificate);
  return members;
}

// A book that went on elsewhere begins anew with the reason "rollback": this disk, or another, is a copy.
void Orders::watch_epoch() {
  if (book_.store() == nullptr || state_.device.empty()) return;
  const std::string epoch = to_hex(book_.store()->status().epoch);
  if (epoch == state_.epoch) return;
  OrdersState next = state_;
  next.epoch = epoch;
  const auto first = book_.store()->list(1, 1, 64u << 10);
  if (!first) return;
  const auto body = first->empty() ? Result<sync::EventBody>(make_error(ErrorCode::kNotFound, "no events yet"))
                                   : sync::parse_event_body(first->front().body);
  if (body && body->kind == "epoch.started" && body->rule.starts_with("rollback")) next.is_forked = true;
  if (auto saved = save(std::move(next)); !saved) log_warning("orders", saved.error().message);
}

void Orders::count_grace() {
  const MonotonicMs now = clock_.monotonic_ms();
  const MonotonicMs passed = std::min(now - counted_, kLongestStepMs);
  if (passed < 1000) return;
  counted_ = now - passed % 1000;
  state_.grace_left_s = std::max<std::int64_t>(0, state_.grace_left_s - passed / 1000);  // also where it cannot be written down
  if (state_.grace_left_s > 0 && now - saved_ < kSaveMs) return;
  saved_ = now;
  if (auto saved = save(state_); !saved) log_warning("orders", saved.error().message);
}

// In doubt nothing is wiped, also when the doubt came after the order; it stays locked. What has begun is gone on with.
void Orders::begin_wipe() {
  OrdersState next = state_;
  const auto same_machine = sync::check_order_hardware(wipe_->order(), settings_.hardware);
  const bool is_doubtful = state_.is_forked || identity_.in_doubt() || !same_machine;
  next.phase = is_doubtful ? WipePhase::kFailed : WipePhase::kStarted;
  for (const char* mark : {kWipeNotBegunFile, kWipeBegunFile}) remove_mark(mark);  // of an earlier one
  if (auto saved = save(std::move(next)); !saved) {
    log_error("orders", saved.error().message);
    return;
  }
  const std::string id = to_hex(wipe_->order().id);
  const char* check = same_machine ? "O9:" : "O5:";
  if (state_.phase == WipePhase::kFailed) book_.note({"order.refused", check + id, Severity::kHigh});
  else book_.note({"order.started", id, Severity::kHigh});
}

// What the wipe's process leaves for the guard. False: it is still there.
bool Orders::remove_mark(const char* mark) const {
  const Status gone = platform::remove_file(settings_.folder / mark);
  if (!gone) log_warning("orders", gone.error().message);
  return gone.has_value();
}

// The wipe's process has ended without having destroyed anything, and the next one is not started yet.
bool Orders::has_not_begun() const {
  return state_.phase == WipePhase::kStarted && platform::file_size(settings_.folder / kWipeNotBegunFile).has_value();
}

// Also after a restart, and when it could not be started before: who runs already is not started twice.
void Orders::keep_wiping() {
  const MonotonicMs now = clock_.monotonic_ms();
  if (now < next_start_) return;
  next_start_ = now + kStartAgainMs;
  if (has_not_begun()) {
    book_.note({"order.not-started", to_hex(wipe_->order().id), Severity::kHigh});
    if (!remove_mark(kWipeNotBegunFile)) return;
  }
  const Status started = settings_.start_wipe ? settings_.start_wipe(*wipe_->wipe_permit())
                                              : make_error(ErrorCode::kUnsupported, "this guard wipes nothing");
  if (started) return;
  log_error("orders", "the wipe does not start: " + started.error().message);
  book_.note({"order.not-started", to_hex(wipe_->order().id), Severity::kHigh});
}

// Noted before it is saved: where the power goes between the two, it is said twice, and never left out.
void Orders::take_proof(const Bytes& envelope) {
  const sync::DeviceCertificate self{identity_.school(), identity_.id(), identity_.key().public_key, identity_.hardware(), 0};
  const auto certificate = sync::open_wipe_certificate({envelope}, self);
  const std::string id = to_hex(wipe_->order().id);
  if (!certificate || certificate->order != wipe_->order().id) {
    return note_proof("order.refused", (certificate ? "D5" : rule_of(certificate.error())) + ":" + id);
  }
  const bool proven = certificate->method != sync::Sanitization::kClearBestEffort;
  if (all_keys_are_gone(certificate->media)) note_proof("order.keys-destroyed", id);
  note_proof(proven ? "order.verified" : "order.best-effort", id);
  OrdersState next = state_;
  next.certificate = envelope;
  next.phase = proven ? WipePhase::kVerified : WipePhase::kBestEffort;
  if (auto saved = save(std::move(next)); !saved) log_warning("orders", saved.error().message);
}

// Once, however often the file is looked at.
void Orders::note_proof(const char* kind, const std::string& rule) {
  if (proof_noted_.insert(kind).second) book_.note({kind, rule, Severity::kHigh});
}

// The wipe's certificate says what is proven, and it is signed by this device's key. When the school has it, the rest may go too.
void Orders::watch_wipe() {
  const auto envelope = platform::read_file(settings_.folder / kWipeCertificateFile, sync::kMaxWipeCertificateBytes);
  if (envelope && state_.certificate.empty()) take_proof(*envelope);
  const bool is_told = !state_.certificate.empty() && book_.store() != nullptr && book_.store()->status().queued == 0;
  if (!is_told || platform::file_size(settings_.folder / kWipeGoOnFile)) return;
  if (auto done = platform::replace_file(settings_.folder / kWipeGoOnFile, {}, 0600); !done) log_warning("orders", done.error().message);
}

void Orders::tick() {
  if (!is_elsewhere()) watch_epoch();
  if (trust_.roots().size() != roots_known_) reopen_stored();
  if (lock() != nullptr) refresh_notice(settings_.folder / "locked-notice", notice());
  if (!wipe_ || is_elsewhere()) return;  // other hardware is locked, and never wiped
  if (state_.phase == WipePhase::kGrace) count_grace();
  if (state_.phase == WipePhase::kGrace && state_.grace_left_s == 0) begin_wipe();
  if (state_.phase == WipePhase::kGrace || state_.phase == WipePhase::kFailed) return;
  keep_wiping();
  watch_wipe();
}

bool Orders::is_pressing() const {
  return wipe_ && !is_elsewhere() && state_.phase != WipePhase::kGrace && book_.store() != nullptr && book_.store()->status().queued > 0;
}

MonotonicMs Orders::next() const {
  if (!wipe_ || is_elsewhere() || state_.phase == WipePhase::kFailed) return INT64_MAX;
  if (state_.phase != WipePhase::kGrace) return clock_.monotonic_ms() + 500;
  return counted_ + std::min<MonotonicMs>(1000 * std::max<std::int64_t>(1, state_.grace_left_s), 10'000);
}

}  // namespace caretaker::agent
