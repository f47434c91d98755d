#include "agent/guard_link.h"

#include <algorithm>
#include <thread>

#include "platform/base/count.h"
#include "platform/base/log.h"

namespace caretaker::agent {
namespace {

using std::chrono::milliseconds;

// For a filter, while there is none yet. Later what comes from the server goes through this process, which wakes the queue; only an
// enrolment, and a guard that starts again, need to be looked for.
constexpr MonotonicMs kFirstLookMs = 1000;
constexpr milliseconds kGroupPause{100};  // after a group; the first of a burst goes at once
constexpr milliseconds kSoonRetry{20};    // at boot both start at once, and nobody is answered before the guard is there
constexpr int kSoonRetries = 100;
constexpr milliseconds kLastRetry{5000};

// Violations that it stands for.
std::uint32_t count_of(const WebReport& report) {
  std::uint32_t count = report.lost;
  for (const Violation& violation : report.violations) add_to_count(count, violation.count);
  return count;
}

bool is_empty(const WebReport& report) { return report.violations.empty() && report.lost == 0; }

}  // namespace

Result<FilterPtr> make_filter(GuardClient::FilterFile given) {
  auto parsed = policy::parse_policy(given.answer.policy_toml, policy::Strictness::kDevice);
  if (!parsed.usable()) return make_error(ErrorCode::kInvalidInput, "the guard's policy is not usable here");
  TRY(file, platform::MappedFile::map(given.set));
  TRY(view, policy::SetView::open(file.bytes(), platform::make_file_reader(std::move(given.set))));
  Filter filter{std::move(parsed.policy), std::move(file), std::move(view)};
  const MonotonicMs now = system_clock().monotonic_ms();
  for (const OpenLesson& open : given.answer.lessons) filter.lessons.push_back({open.lesson, now + open.left_ms});
  if (given.answer.portal) filter.portal = {given.answer.portal->name, now + given.answer.portal->left_ms};
  return FilterPtr(std::make_shared<const Filter>(std::move(filter)));
}

void GuardLink::stop() {
  stopping_ = true;
  queue_.close();
}

Status GuardLink::update_filter() {
  if (system_clock().monotonic_ms() < next_look_) return ok();
  next_look_ = next_together(system_clock().monotonic_ms(), revision_ == Revision{} ? kFirstLookMs : kGuardLookMs);
  before_.reset();
  TRY_DONE(tell_damage());
  if (hooks_.tell) TRY_DONE(hooks_.tell(*guard_));
  TRY(waited, guard_->wait_filter(revision_));
  if (waited.is_urgent) hooks_.on_urgent();
  if (waited.is_current) return ok();
  TRY(given, guard_->get_filter());
  if (given.answer.state != FilterState::kReady) {  // what was good before stays
    if (std::exchange(revision_, {}) != Revision{}) hooks_.on_urgent();  // there is a set file to be fetched
    return ok();
  }
  revision_ = given.answer.revision;  // also of one that cannot be used: it is not asked for every second
  auto filter = make_filter(std::move(given));
  if (!filter) {
    log_error("net", "the filter stays as it was: " + filter.error().message);
    return filter.error().code == ErrorCode::kDamaged ? guard_->check_set() : ok();
  }
  log_info("net", "filter in force: " + to_hex(ByteView(revision_).first(4)));
  before_ = std::exchange(filter_, std::move(*filter));
  told_damage_ = false;
  hooks_.on_filter(filter_);
  return ok();
}

// The guard has the file gone over, and another one fetched where it finds the same.
Status GuardLink::tell_damage() {
  const bool damaged = filter_ && filter_->set.has_damage();
  if (damaged && !told_damage_) {
    log_error("net", "the set file has been damaged: names whose entries would stand there are not answered");
    TRY_DONE(guard_->check_set());
  }
  told_damage_ = damaged;
  return ok();
}

Status GuardLink::send_group() {
  if (is_empty(group_)) {
    group_ = queue_.take(milliseconds(std::max<MonotonicMs>(0, next_look_ - system_clock().monotonic_ms())));
  }
  drained_ = is_empty(group_);
  if (drained_) {
    next_look_ = 0;  // it is time, or somebody has woken us
    return ok();
  }
  const auto urgent = guard_->report_web(group_);
  if (!urgent && urgent.error().code == ErrorCode::kInvalidInput) {
    log_error("net", "the guard refuses a report for good: " + urgent.error().message);
    queue_.add_lost(count_of(group_));
    group_ = {};
    return ok();
  }
  if (!urgent) return urgent.error();
  group_ = {};
  if (*urgent) hooks_.on_urgent();
  if (!stopping_) std::this_thread::sleep_for(kGroupPause);
  return ok();
}

Status GuardLink::step() {
  if (!guard_) {
    TRY(guard, GuardClient::connect(socket_));
    guard_.emplace(std::move(guard));
    next_look_ = 0;
  }
  TRY_DONE(update_filter());
  return send_group();
}

void GuardLink::run() {
  milliseconds retry = kSoonRetry;
  int failed = 0;
  bool complained = false;
  while (true) {
    const Status done = step();
    if (done) {
      retry = kSoonRetry;
      failed = 0;
      complained = false;
      if (stopping_ && drained_) return;
      continue;
    }
    if (stopping_) return;
    if (!std::exchange(complained, true)) log_warning("net", "guard: " + done.error().message);
    guard_.reset();
    std::this_thread::sleep_for(retry);
    if (++failed > kSoonRetries) retry = std::min(2 * retry, kLastRetry);
  }
}

}  // namespace caretaker::agent
