#include "agent/programs/program_judge.h"

namespace caretaker::agent {
namespace {

using platform::ProgramStart;
using platform::StartVerdict;

constexpr MonotonicMs kPersonMs = 60'000;
constexpr std::size_t kMaxPeople = 1024;
constexpr std::size_t kMaxWaiting = 1024;

}  // namespace

ProgramJudge::ProgramJudge(Hooks hooks, const Clock& clock) : hooks_(std::move(hooks)), clock_(clock) {
  worker_ = std::thread([this] { work(); });
}

ProgramJudge::~ProgramJudge() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

void ProgramJudge::use(policy::Policy policy) {
  const std::lock_guard lock(mutex_);
  policy_ = std::move(policy);
  ++generation_;
  people_.clear();
}

bool ProgramJudge::judge(const Person& person, const ProgramStart& start) {
  if (!person.is_person) return true;
  const policy::ProgramDecision decision = policy::decide_program(person.group, start.facts);
  if (decision.verdict == policy::ProgramVerdict::kAllow) return true;
  const bool denied = decision.verdict == policy::ProgramVerdict::kDeny;
  hooks_.report({*start.uid, denied, decision.reason, start.name, clock_.now()});
  return !denied;
}

// Nobody can tell whose it is: that happens to processes that are gone, which run nothing.
StartVerdict ProgramJudge::decide(const ProgramStart& start) {
  if (!start.uid || *start.uid == 0) return StartVerdict::kRun;
  const std::lock_guard lock(mutex_);
  if (!policy_) return StartVerdict::kRun;
  const auto known = people_.find(*start.uid);
  if (known != people_.end() && known->second.until > clock_.monotonic_ms()) {
    return judge(known->second, start) ? StartVerdict::kRun : StartVerdict::kRefuse;
  }
  if (waiting_.size() >= kMaxWaiting) return StartVerdict::kRefuse;  // each of them holds a process; this many is an attempt
  waiting_.push_back(start);
  changed_.notify_one();
  return StartVerdict::kLater;
}

// Called without the lock: it may take long. Somebody whom nobody knows, or not at the moment, is judged by the default group.
ProgramJudge::Person ProgramJudge::look_up(std::uint32_t uid, const policy::Policy& policy) const {
  const auto user = hooks_.find_user(uid);
  if (!user) return {true, policy::group_of(policy, "", {}), 0};
  return {user->is_person, policy::group_of(policy, user->name, user->groups), clock_.monotonic_ms() + kPersonMs};
}

void ProgramJudge::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (closed_) return;
    const ProgramStart start = std::move(waiting_.front());
    waiting_.pop_front();
    const policy::Policy policy = *policy_;
    const std::uint64_t generation = generation_;
    lock.unlock();
    Person person = look_up(*start.uid, policy);
    lock.lock();
    const bool may_run = judge(person, start);
    if (generation == generation_) {
      if (people_.size() >= kMaxPeople) people_.clear();
      people_[*start.uid] = std::move(person);
    }
    hooks_.answer(start.ticket, may_run);
  }
}

}  // namespace caretaker::agent
