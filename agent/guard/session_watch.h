// Looks after people's sessions: locks idle ones (R1), keeps out who is suspended (R15), switches the machine off for the night
// (R24), and keeps everybody out of a lost one (R22). What is to be done is decided in policy/; here it is done, once, and what did not work becomes an event. One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "agent/guard/last_look.h"
#include "agent/guard/subject.h"
#include "platform/sessions.h"
#include "platform/users.h"
#include "policy/decide_lock.h"
#include "policy/decide_power_off.h"
#include "policy/decide_unseen.h"
#include "policy/policy.h"

namespace caretaker::agent {

struct SessionFiles {
  std::filesystem::path refused_logins;  // those who may not log in, a name a line, which the log-in reads
  std::filesystem::path last_look = {};  // what a watch that is begun anew goes on from; empty: it begins without
};

class SessionWatch {
 public:
  using FindUser = std::function<Result<platform::User>(std::uint32_t uid)>;
  using Note = std::function<void(const Subject&)>;
  // All outlive the watch.
  SessionWatch(platform::Sessions& sessions, FindUser find_user, Note note, SessionFiles files, const Clock& clock);

  // The watch ends in order: whoever begins one later does not take the time without any for a sleep.
  void forget_look() const;
  // Looks at every session when it is time; before that it does nothing.
  void on_time(const policy::Policy& policy);
  // The same by what holds where nobody has said anything. Who may not log in is not known: it stays as it was.
  void on_time_without_policy();
  // When on_time() has something to do.
  [[nodiscard]] MonotonicMs next() const { return next_; }
  // Somebody may be suspended from now on; and a night that the policy has begun gives its whole warning.
  void on_new_policy() { next_ = awake_since_ = clock_.monotonic_ms(); }
  // A fixed sentence to whoever is at a screen of this machine now, as far as they can be reached.
  void tell_present(const std::string& sentence);
  // The device is lost: every session but root's goes the way of a suspended person's.
  void set_device_locked(bool locked);
  // Puts tonight's end off by policy::kSnoozeMinutes. kNotFound before tonight's warning; kPermissionDenied when this
  // person's group may not, or not once more.
  [[nodiscard]] Status snooze(const policy::Policy& policy, std::uint32_t uid);

 private:
  struct Progress {
    policy::LockProgress lock;
    MonotonicMs last_input = 0;
    MonotonicMs suspended_since = 0;  // 0: is not
    MonotonicMs owed_ms = 0;          // idleness before a sleep or a switch away, which a lock has to answer whatever is pressed since; 0: none
  };
  struct Person {
    std::string name;
    const policy::Group* group = nullptr;
  };
  [[nodiscard]] Person person(const policy::Policy& policy, std::uint32_t uid) const;
  void look(const policy::Policy& policy, MonotonicMs now);
  void notice_sleep(MonotonicMs now);
  void uncover_nobody(const std::vector<platform::Session>& sessions);
  void notice_cover(const std::vector<platform::Session>& sessions);
  [[nodiscard]] MonotonicMs watch_session(const policy::Policy& policy, const platform::Session& session, MonotonicMs now);
  void take_step(policy::LockStep step, const platform::Session& session, const Person& who, MonotonicMs left_ms);
  void tell(const platform::Session& session, const std::string& sentence);
  void watch_night(const policy::Policy& policy, const std::vector<platform::Session>& sessions, MonotonicMs now);
  void watch_unseen(const policy::Policy& policy, MonotonicMs now);
  [[nodiscard]] bool is_shut(const policy::Policy& policy) const;
  void refuse_logins(const policy::Policy& policy);
  void keep_look(MonotonicMs now) const;
  void look_again(MonotonicMs at) { next_ = std::min(next_, at); }

  platform::Sessions& sessions_;
  FindUser find_user_;
  Note note_;
  SessionFiles files_;
  const Clock& clock_;
  std::map<std::string, Progress> progress_;  // by session
  std::optional<std::set<std::string>> refused_;
  MonotonicMs next_ = 0;
  MonotonicMs looked_ = 0;         // 0: never
  MonotonicMs asleep_since_ = 0;   // the look before the sleep that this look has found; 0: none
  MonotonicMs awake_since_ = 0;    // or since the clock was set, or the policy
  UnixSeconds clock_began_ = 0;    // what the clock said when the machine started, as of the last look
  std::int64_t snoozes_ = 0;       // this night
  MonotonicMs warned_ = INT64_MIN / 2;
  std::string in_front_;           // the session that has the machine's own screen, or had it when our locker came over it
  bool is_covered_ = false;
  bool has_covered_unseen_ = false;  // our locker came over the screen while nobody told who sits there, and nobody has told since
  bool is_night_ = false;          // or its warning is up
  bool device_locked_ = false;
  int silent_looks_ = 0;           // one after the other in which nobody told about sessions
  std::vector<platform::Session> seen_;  // when somebody told last
};

}  // namespace caretaker::agent
