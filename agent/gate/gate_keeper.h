// Keeps the packet filter as the school's policy wants it, and tells the guard what happens there. One thread.
//
// Closed is what it falls back to. Before the guard is up the policy of the last time is in force; when this process ends, what it has
// put into the kernel stays; and while the filter does not work, names are found by nobody but those whom the policy lets go on.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <optional>

#include "agent/guard_client.h"
#include "platform/base/clock.h"
#include "platform/gate.h"
#include "policy/decide_gate.h"

namespace caretaker::agent {

class GateKeeper {
 public:
  struct Surroundings {
    std::function<std::vector<policy::GatePerson>()> people;       // who has an account, or is logged in
    std::function<bool()> filter_works;                            // asks it; may take a second
    std::function<Result<GateAnswer>(const GateReport&)> guard;    // kUnavailable while it is away
    std::function<std::set<std::uint32_t>()> exempt;               // net, and the machine's own resolver
  };
  // `state`: a folder that keeps the policy of the last time.
  GateKeeper(platform::Gate& gate, std::filesystem::path state, Surroundings surroundings, const Clock& clock);

  // What was in force when the machine went off, before anybody is asked. Errors: the rules are refused.
  [[nodiscard]] Status start();
  // Does what is due. `changed`: somebody changed the packet filter.
  void tick(bool changed);
  [[nodiscard]] MonotonicMs next() const { return next_; }

 private:
  void look_at_people();
  void look_at_filter(MonotonicMs now);
  void collect_attempts();
  void fill_group();
  void talk_to_guard();
  void take_policy(const GateAnswer& answer);
  void put_rules_in_force();
  void restore_rules();
  void add_news(GateNews news);
  [[nodiscard]] std::filesystem::path policy_file() const { return state_ / "policy.toml"; }

  platform::Gate& gate_;
  const std::filesystem::path state_;
  const Surroundings surroundings_;
  const Clock& clock_;
  std::optional<policy::Policy> policy_;
  Hash policy_hash_{};
  std::vector<policy::GatePerson> people_;
  std::set<std::uint32_t> exempt_;
  std::optional<GateRules> in_force_;
  bool filter_works_ = true;
  bool told_down_ = false;
  bool refused_ = false;       // what should be in force; told once
  int failures_ = 0;           // of the filter, one after the other
  std::vector<GateNews> news_;
  std::deque<GateAttempt> attempts_;
  std::uint32_t lost_ = 0;     // attempts that found no room there
  GateReport group_;           // of news and attempts: told until it is stored
  MonotonicMs next_ = 0;
};

}  // namespace caretaker::agent
