#include "agent/programs/program_link.h"

#include "platform/base/count.h"
#include "platform/base/log.h"

namespace caretaker::agent {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxWaiting = 4096;
constexpr MonotonicMs kFirstLookMs = 1000;  // while there is no policy yet
constexpr milliseconds kPause{1000};

bool is_empty(const ProgramReport& report) { return report.attempts.empty() && report.lost == 0 && report.let_through == 0; }

}  // namespace

void ProgramLink::push(ProgramAttempt attempt) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() < kMaxWaiting) {
    waiting_.push_back(std::move(attempt));
  } else {
    add_to_count(lost_, 1);
  }
  changed_.notify_all();
}

void ProgramLink::count_let_through(std::uint32_t count) {
  const std::lock_guard lock(mutex_);
  add_to_count(let_through_, count);
}

void ProgramLink::stop(bool in_order) {
  const std::lock_guard lock(mutex_);
  in_order_ = in_order;
  stopping_ = true;
  changed_.notify_all();
}

Status ProgramLink::update_policy() {
  if (system_clock().monotonic_ms() < next_look_) return ok();
  next_look_ = next_together(system_clock().monotonic_ms(), revision_ == Revision{} ? kFirstLookMs : kGuardLookMs);
  TRY_DONE(guard_->report_programs_state({run_}));
  TRY(waited, guard_->wait_filter(revision_));
  if (waited.is_current) return ok();
  TRY(given, guard_->get_filter());  // the set of names goes along, and is of no use here
  if (given.answer.state != FilterState::kReady) return ok();
  auto parsed = policy::parse_policy(given.answer.policy_toml, policy::Strictness::kDevice);
  revision_ = given.answer.revision;
  if (!parsed.usable()) {
    log_error("programs", "the policy stays as it was: the guard's is not usable here");
    return ok();
  }
  log_info("programs", "policy in force: " + to_hex(ByteView(revision_).first(4)));
  on_policy_(std::move(parsed.policy));
  return ok();
}

void ProgramLink::take_group() {
  std::unique_lock lock(mutex_);
  const milliseconds until_look(std::max<MonotonicMs>(0, next_look_ - system_clock().monotonic_ms()));
  changed_.wait_for(lock, until_look, [this] { return stopping_ || !waiting_.empty(); });
  group_ = {};
  group_.id = random_array<16>();
  group_.lost = std::exchange(lost_, 0);
  group_.let_through = std::exchange(let_through_, 0);
  while (!waiting_.empty() && group_.attempts.size() < kMaxProgramAttempts) {
    group_.attempts.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

Status ProgramLink::step() {
  if (!guard_) {
    TRY(guard, GuardClient::connect(socket_));
    guard_.emplace(std::move(guard));
    next_look_ = 0;
  }
  TRY_DONE(update_policy());
  if (is_empty(group_)) take_group();
  if (is_empty(group_)) return ok();
  const Status reported = guard_->report_programs(group_);
  if (!reported && reported.error().code != ErrorCode::kInvalidInput) return reported;
  if (!reported) {
    log_error("programs", "the guard refuses a report for good: " + reported.error().message);
    const std::lock_guard lock(mutex_);
    add_to_count(lost_, std::uint64_t{group_.lost} + group_.attempts.size());
  }
  group_ = {};
  return ok();
}

void ProgramLink::run() {
  bool complained = false;
  for (;;) {
    const Status done = step();
    if (done) {
      complained = false;
    } else {
      if (!std::exchange(complained, true)) log_warning("programs", "guard: " + done.error().message);
      guard_.reset();
    }
    std::unique_lock lock(mutex_);
    if (stopping_ && (!done || (waiting_.empty() && is_empty(group_)))) break;
    if (!done) changed_.wait_for(lock, kPause, [this] { return stopping_; });
  }
  say_stop();
}

// So that it is not taken for an end that nobody wanted.
void ProgramLink::say_stop() {
  if (!guard_ || !in_order_) return;
  if (auto said = guard_->report_programs_state({run_, false}); !said) log_warning("programs", "guard: " + said.error().message);
}

}  // namespace caretaker::agent
