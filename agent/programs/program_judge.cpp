#include "agent/programs/program_judge.h"

namespace caretaker::agent {
namespace {

using platform::ProgramStart;
using platform::StartVerdict;

constexpr MonotonicMs kPersonMs = 60'000;
constexpr MonotonicMs kNobodyMs = 10'000;  // each question takes its time, and others wait behind it
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
  for (auto& [uid, person] : people_) person.group = group_of(person.user);
}

// Without a name: nobody knows them.
const policy::Group& ProgramJudge::group_of(const platform::User& user) const {
  return user.name.empty() ? policy::strictest_about_programs(*policy_) : policy::group_of(*policy_, user.name, user.groups);
}

bool ProgramJudge::judge(const Person& person, const ProgramStart& start) {
  if (!person.user.is_person) return true;
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
  if (known != people_.end()) {
    Person& person = known->second;
    if (person.until <= clock_.monotonic_ms() && !std::exchange(person.is_asked, true)) {
      stale_.push_back(*start.uid);
      changed_.notify_one();
    }
    return judge(person, start) ? StartVerdict::kRun : StartVerdict::kRefuse;
  }
  if (waiting_.size() >= kMaxWaiting) return StartVerdict::kRefuse;  // each of them holds a process; this many is an attempt
  waiting_.push_back(start);
  changed_.notify_one();
  return StartVerdict::kLater;
}

// Somebody whom nobody knows, a subordinate uid for one, or not at the moment, is judged by the strictest group; who was known before is who he was.
ProgramJudge::Person ProgramJudge::learn(std::uint32_t uid, const Result<platform::User>& user) {
  const auto known = people_.find(uid);
  const platform::User found = user ? *user : known != people_.end() ? known->second.user : platform::User{uid, "", {}, true};
  const MonotonicMs until = clock_.monotonic_ms() + (found.name.empty() ? kNobodyMs : kPersonMs);
  if (known == people_.end() && people_.size() >= kMaxPeople) people_.clear();
  return people_[uid] = {found, group_of(found), until, false};
}

void ProgramJudge::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty() || !stale_.empty(); });
    if (closed_) return;
    std::optional<ProgramStart> start;
    std::uint32_t uid = 0;
    if (!waiting_.empty()) {
      start = std::move(waiting_.front());
      waiting_.pop_front();
      uid = *start->uid;
    } else {
      uid = stale_.front();
      stale_.pop_front();
    }
    lock.unlock();
    const auto user = hooks_.find_user(uid);  // may take long
    lock.lock();
    const Person person = learn(uid, user);
    if (start) hooks_.answer(start->ticket, judge(person, *start));
  }
}

}  // namespace caretaker::agent
