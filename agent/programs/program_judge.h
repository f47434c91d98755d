// Whose program it is that starts, and whether the person's group may run it. Who people are is looked up on a thread of its own, because a
// directory service may be slow, and may itself start programs: the thread that reads must not wait for it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "agent/control_programs.h"
#include "platform/program_gate.h"
#include "platform/users.h"

namespace caretaker::agent {

class ProgramJudge {
 public:
  struct Hooks {
    std::function<void(std::uint64_t ticket, bool may_run)> answer;  // for what was put off; any thread
    std::function<void(ProgramAttempt)> report;                      // any thread; must not block
    std::function<Result<platform::User>(std::uint32_t uid)> find_user;
  };
  ProgramJudge(Hooks hooks, const Clock& clock);
  ~ProgramJudge();
  ProgramJudge(const ProgramJudge&) = delete;
  ProgramJudge& operator=(const ProgramJudge&) = delete;

  // From now on. Without a policy everything runs: a device that is nobody's yet.
  void use(policy::Policy policy);
  [[nodiscard]] platform::StartVerdict decide(const platform::ProgramStart& start);

 private:
  struct Person {
    platform::User user;
    policy::Group group;
    MonotonicMs until = 0;  // then it is asked again, and this counts until there is an answer
    bool is_asked = false;
  };
  [[nodiscard]] const policy::Group& group_of(const platform::User& user) const;
  [[nodiscard]] bool judge(const Person& person, const platform::ProgramStart& start);
  [[nodiscard]] Person learn(std::uint32_t uid, const Result<platform::User>& user);
  void work();

  Hooks hooks_;
  const Clock& clock_;
  std::mutex mutex_;  // of what follows
  std::optional<policy::Policy> policy_;
  std::map<std::uint32_t, Person> people_;
  std::deque<platform::ProgramStart> waiting_;
  std::deque<std::uint32_t> stale_;  // people who are to be asked about again
  std::condition_variable changed_;
  bool closed_ = false;
  std::thread worker_;
};

}  // namespace caretaker::agent
