#include "agent/net/uplink.h"

#include <algorithm>

#include "platform/base/log.h"
#include "sync/hold.h"

namespace caretaker::agent {
namespace {

constexpr MonotonicMs kLookMs = 2000;            // whether the guard is there, is enrolled, or still waits for a set
constexpr MonotonicMs kMaxWaitMs = 3'600'000;
constexpr MonotonicMs kTellMs = 3000;            // what a push has done here, after everybody has it
constexpr MonotonicMs kHurrySpreadMs = 5000;
constexpr MonotonicMs kHurryPauseMs = 60'000;
constexpr int kMaxRounds = 1000;                 // batches in one check-in
constexpr std::uint32_t kMaxIntervalS = 86'400;
constexpr std::uint32_t kDownloadRetryS = 60;
constexpr MonotonicMs kLeastPauseMs = 100;
constexpr MonotonicMs kBootMs = 600'000;         // a start within this time belongs to the machine's own
constexpr double kRestartSpreadMs = 10'000;
constexpr MonotonicMs kLeastHoldMs = 20'000;     // less is not worth a connection
constexpr MonotonicMs kMostHoldMs = sync::kMaxHoldMs + 20'000;
constexpr MonotonicMs kNoHoldsMs = 3'600'000;    // from a server that does not know them
constexpr std::size_t kMaxHoldAnswer = 1024;
constexpr MonotonicMs kUnspokenMs = 15'000;      // nobody was asked anything: that costs nobody anything

MonotonicMs now_ms() { return system_clock().monotonic_ms(); }
double draw() { return random_below(1u << 30) / static_cast<double>(1u << 30); }

// The monotonic clock counts from the boot where it can; elsewhere a restart is spread like a boot, which harms nobody.
MonotonicMs first_delay_ms() {
  if (now_ms() < kBootMs) return sync::first_checkin_ms(draw());
  return static_cast<MonotonicMs>(draw() * kRestartSpreadMs);
}

}  // namespace

void Uplink::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  holding_.request_stop();
  changed_.notify_all();
}

void Uplink::hurry() {
  const std::lock_guard lock(mutex_);
  hurry_ = true;
  if (now_ms() - hurried_ >= kHurryPauseMs) holding_.request_stop();
  changed_.notify_all();
}

void Uplink::on_login() {
  const std::lock_guard lock(mutex_);
  login_ = true;
  changed_.notify_all();
}

// False: stop.
bool Uplink::wait(MonotonicMs until) {
  std::unique_lock lock(mutex_);
  const MonotonicMs now = now_ms();
  changed_.wait_for(lock, std::chrono::milliseconds(std::clamp<MonotonicMs>(until - now, 0, kMaxWaitMs)),
                    [this] { return stopping_ || hurry_ || login_; });
  if (std::exchange(login_, false) && due_.checkin_failures > 0) {
    is_looking_ = true;
    due_.checkin_failures = 1;
    due_.checkin = std::min(due_.checkin, now_ms() + sync::hold_retry_ms(due_.checkin_failures, draw()));
  }
  if (std::exchange(hurry_, false) && due_.checkin_failures == 0 && now_ms() - hurried_ >= kHurryPauseMs) {
    hurried_ = now_ms();
    due_.checkin = std::min(due_.checkin, now_ms() + static_cast<MonotonicMs>(draw() * kHurrySpreadMs));
  }
  return !stopping_;
}

Result<UplinkAnswer> Uplink::ask_guard() {
  if (!guard_) {
    TRY(guard, GuardClient::connect(socket_));
    guard_.emplace(std::move(guard));
  }
  return guard_->get_uplink();
}

Status Uplink::choose_server(const UplinkAnswer& uplink) {
  if (uplink.servers.empty()) return make_error(ErrorCode::kNotFound, "the school's root names no server");
  const std::string& url = uplink.servers[server_index_ % uplink.servers.size()];
  std::string key = url;
  for (const Hash& pin : uplink.tls_pins) key += to_hex(pin);
  if (server_ && key == server_key_) return ok();
  TRY(server, platform::make_http_transport(url, uplink.tls_pins));
  server_ = std::move(server);
  server_key_ = std::move(key);
  return ok();
}

// One batch up, one answer down.
Status Uplink::exchange(bool& more, std::optional<int>& retry_after_s) {
  more = false;
  turned_away_ = was_reached_ = false;
  TRY(body, guard_->next_batch());
  if (body.empty()) return ok();
  TRY(response, server_->send({"POST", "/v1/checkin", "application/json", std::move(body), 0}, {}));
  was_reached_ = true;
  turned_away_ = response.status != 200;
  if (turned_away_) {
    retry_after_s = response.retry_after_s;
    return make_error(ErrorCode::kUnavailable, "the server answers " + std::to_string(response.status));
  }
  TRY(answer, sync::parse_checkin_answer(response.body));
  interval_s_ = std::clamp<std::uint32_t>(answer.interval_s, 1, kMaxIntervalS);
  mark_ = answer.mark;
  TRY(taken, guard_->take_answer(answer));
  on_news_();
  more = taken.more;
  tell_soon_ = taken.soon;
  return ok();
}

void Uplink::check_in(const UplinkAnswer& uplink) {
  bool more = true;
  std::optional<int> retry_after_s;
  Status done = choose_server(uplink);
  bool has_spoken = false;
  for (int round = 0; done && more && round < kMaxRounds; ++round) {
    done = exchange(more, retry_after_s);
    has_spoken |= was_reached_;
  }
  if (done && !has_spoken) {  // a guard without its book has nothing to send
    due_.checkin = now_ms() + kUnspokenMs;
    return;
  }
  is_looking_ = !was_reached_ && (is_looking_ || mark_.empty());
  if (done) {
    hinted_ = false;
    due_.checkin_failures = 0;
    due_.checkin = now_ms() + sync::next_checkin_ms(interval_s_, draw());
    if (std::exchange(tell_soon_, false)) due_.checkin = std::min(due_.checkin, now_ms() + kTellMs + static_cast<MonotonicMs>(draw() * kTellMs));
    return;
  }
  if (!turned_away_ && tell_unreachable_) tell_unreachable_();
  if (due_.checkin_failures++ == 0) log_warning("net", "check-in: " + done.error().message);
  ++server_index_;
  guard_.reset();
  // A machine that has just started finds no network often enough, and has no request to be held that would find it later.
  due_.checkin = now_ms() + (is_looking_ ? sync::hold_retry_ms(due_.checkin_failures, draw())
                                         : sync::retry_ms(interval_s_, due_.checkin_failures, retry_after_s, draw()));
}

// How long nothing else is to be done, as seen at `from`; 0: no time to hold a request.
MonotonicMs Uplink::hold_room(const UplinkAnswer& uplink, MonotonicMs from) const {
  if (mark_.empty() || hinted_ || !server_ || turned_away_ || from < due_.hold) return 0;
  MonotonicMs until = std::min(due_.checkin, from + kMostHoldMs);
  if (uplink.wanted) until = std::min(until, due_.download);
  return until - from >= kLeastHoldMs ? until - from : 0;
}

// What comes is only a hint, whoever sends it.
Status Uplink::wait_for_news(MonotonicMs room, const std::stop_token& stop) {
  TRY(body, guard_->next_hold(mark_));
  if (body.empty()) return make_error(ErrorCode::kUnavailable, "there is nobody to ask as");
  const platform::HttpLimits limits{std::chrono::seconds(room / 1000), kMaxHoldAnswer, stop};
  TRY(response, server_->send({"POST", "/v1/hold", "application/json", std::move(body), 0}, limits));
  if (response.status != 200) {
    return make_error(response.status == 404 ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                      "the server answers " + std::to_string(response.status));
  }
  TRY(answer, sync::parse_hold_answer(response.body));
  hinted_ = answer.news;
  if (due_.checkin_failures > 0) {  // it was out of reach, perhaps for a night, and is there again
    due_.checkin = std::min(due_.checkin, now_ms() + sync::hold_retry_ms(due_.checkin_failures, draw()));
  } else if (hinted_) {
    due_.checkin = std::min(due_.checkin, now_ms() + sync::take_hint(hints_, now_ms()));
  }
  return ok();
}

void Uplink::hold(MonotonicMs room) {
  std::stop_token stop;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || hurry_) return;
    holding_ = std::stop_source();
    stop = holding_.get_token();
  }
  const MonotonicMs began = now_ms();
  Status held = wait_for_news(room, stop);
  const MonotonicMs lasted = now_ms() - began;
  if (held && !hinted_ && lasted < kLeastHoldMs) held = make_error(ErrorCode::kUnavailable, "the server does not hold it");
  const bool is_over = stop.stop_requested() || lasted + 1000 >= room;
  if (held || is_over) {
    due_.hold_failures = 0;
    return;
  }
  log_debug("net", "held request: " + held.error().message);
  const bool unknown = held.error().code == ErrorCode::kNotFound;
  due_.hold = now_ms() + (unknown ? kNoHoldsMs : sync::hold_retry_ms(++due_.hold_failures, draw()));
}

Result<platform::OpenFile> Uplink::bring(const WantedSet& wanted, const std::function<bool()>& go_on) {
  if (wanted.base) {
    TRY(given, guard_->get_filter());
    if (given.set.is_open()) {
      auto file = download_.fetch_delta(*server_, wanted, std::move(given.set), go_on);
      if (file || file.error().code != ErrorCode::kNotFound) return file;
    }
  }
  return download_.fetch(*server_, wanted, go_on);
}

Status Uplink::offer(const WantedSet& wanted) {
  const auto go_on = [this] {
    const std::lock_guard lock(mutex_);
    return !stopping_;
  };
  TRY(file, bring(wanted, go_on));
  log_info("net", "a set file of " + std::to_string(wanted.size) + " bytes has come");
  const Status offered = guard_->offer_set(file);
  if (!offered && offered.error().code == ErrorCode::kUnavailable) return offered;  // it may be good
  TRY_DONE(download_.forget(wanted));
  on_news_();
  return offered;
}

void Uplink::bring_set(const WantedSet& wanted) {
  const Status brought = server_ ? offer(wanted) : Status(make_error(ErrorCode::kUnavailable, "no server yet"));
  if (brought) {
    due_.download_failures = 0;
    due_.download = 0;
    return;
  }
  log_warning("net", "set file: " + brought.error().message);
  due_.download = now_ms() + sync::retry_ms(kDownloadRetryS, ++due_.download_failures, std::nullopt, draw());
}

void Uplink::on_answer(const UplinkAnswer& uplink) {
  const bool first_answer = !std::exchange(asked_, true);
  const bool newly_enrolled = !std::exchange(was_enrolled_, uplink.enrolled) && uplink.enrolled;
  if (!newly_enrolled) return;
  // Enrolled while we looked on: somebody waits to see it. At a start: a whole school may be starting.
  due_.checkin = now_ms() + (first_answer ? first_delay_ms() : 0);
}

// When run() has something to do again. There is no other clock in it: every step that becomes due by time (a check-in, a set, a
// request that is to be held again) must be in here, or it waits for the next check-in.
MonotonicMs Uplink::next_look(const Result<UplinkAnswer>& uplink) const {
  const MonotonicMs now = now_ms();
  if (!uplink) return now + kLookMs;
  const MonotonicMs set = uplink->wanted ? std::max(due_.download, now + kLookMs) : INT64_MAX;
  const MonotonicMs later = std::max(due_.hold, now + kLookMs);
  const MonotonicMs hold = hold_room(*uplink, later) > 0 ? later : INT64_MAX;
  return std::max(std::min({due_.checkin, set, hold}), now + kLeastPauseMs);
}

void Uplink::run() {
  MonotonicMs next = 0;
  do {
    next = now_ms() + kLookMs;
    auto uplink = ask_guard();
    if (!uplink) {
      guard_.reset();
      continue;
    }
    on_answer(*uplink);
    if (!uplink->enrolled) continue;
    if (now_ms() >= due_.checkin) {
      check_in(*uplink);
      uplink = ask_guard();
    }
    if (uplink && uplink->wanted && now_ms() >= due_.download && choose_server(*uplink)) {
      bring_set(*uplink->wanted);
      uplink = ask_guard();
    }
    if (const MonotonicMs room = uplink ? hold_room(*uplink, now_ms()) : 0; room > 0) hold(room);
    next = next_look(uplink);
  } while (wait(next));
}

}  // namespace caretaker::agent
