#include "agent/gate/gate_keeper.h"

#include <algorithm>

#include "platform/base/log.h"
#include "platform/files.h"

namespace caretaker::agent {
namespace {

constexpr MonotonicMs kFirstLookMs = 5000;  // while there is no policy yet
constexpr MonotonicMs kSoonMs = 1000;       // when something is not as it should be
constexpr int kFailuresUntilDown = 3;       // a restart, or a busy moment, is none
constexpr std::size_t kMaxPolicyText = 1u << 20;
constexpr std::size_t kMaxWaiting = 2 * platform::kMostTries;  // attempts, while the guard is away

}  // namespace

GateKeeper::GateKeeper(platform::Gate& gate, std::filesystem::path state, Surroundings surroundings, const Clock& clock)
    : gate_(gate), state_(std::move(state)), surroundings_(std::move(surroundings)), clock_(clock) {}

Status GateKeeper::start() {
  const auto kept = platform::read_file(policy_file(), kMaxPolicyText);
  if (!kept) return ok();  // a machine that has never had a policy: there is nobody yet who could answer its questions
  take_policy({.word = GateAnswer::Word::kPolicy, .stored = false, .policy_toml = std::string(as_text(*kept))});
  look_at_people();
  put_rules_in_force();
  if (policy_ && !in_force_) return make_error(ErrorCode::kUnavailable, "the packet filter does not take the rules");
  return ok();
}

void GateKeeper::look_at_people() {
  people_ = surroundings_.people();
  exempt_ = surroundings_.exempt();
}

void GateKeeper::add_news(GateNews news) {
  log_warning("gate", std::string(gate_news_name(news)));
  if (news_.size() < kMaxGateNews) news_.push_back(news);
}

void GateKeeper::look_at_filter(MonotonicMs now) {
  failures_ = surroundings_.filter_works() ? 0 : failures_ + 1;
  filter_works_ = failures_ < kFailuresUntilDown;
  if (failures_ > 0) next_ = now + kSoonMs;
  if (filter_works_ != told_down_) return;
  told_down_ = !filter_works_;
  add_news(told_down_ ? GateNews::kFilterDown : GateNews::kFilterUp);
}

void GateKeeper::collect_attempts() {
  const auto tries = gate_.take_attempts();
  if (!tries) return restore_rules();
  const auto of_v6 = std::ranges::count_if(*tries, [](const platform::GateTry& one) { return one.address.find(':') != std::string::npos; });
  if (of_v6 >= platform::kMostTries || std::ssize(*tries) - of_v6 >= platform::kMostTries) ++lost_;  // how many more, nobody knows
  for (const platform::GateTry& one : *tries) {
    if (attempts_.size() >= kMaxWaiting) ++lost_;
    else attempts_.push_back({one.uid, policy::way_of(*in_force_, one.tcp, one.port), one.address, one.tcp, one.port});
  }
}

void GateKeeper::take_policy(const GateAnswer& answer) {
  if (answer.word != GateAnswer::Word::kPolicy) return;
  auto parsed = policy::parse_policy(answer.policy_toml, policy::Strictness::kDevice);
  policy_hash_ = hash(as_bytes(answer.policy_toml));
  if (!parsed.usable()) return log_error("gate", "the policy is not usable here: the rules stay as they are");
  policy_ = std::move(parsed.policy);
  if (auto kept = platform::replace_file(policy_file(), as_bytes(answer.policy_toml), 0600); !kept) {
    log_warning("gate", "at the next start the rules of before hold at first: " + kept.error().message);
  }
}

void GateKeeper::fill_group() {
  if (!group_.attempts.empty() || !group_.news.empty() || group_.lost > 0) return;
  group_.id = random_array<16>();
  group_.news = std::exchange(news_, {});
  group_.lost = std::exchange(lost_, 0);
  const auto end = attempts_.begin() + static_cast<std::ptrdiff_t>(std::min(attempts_.size(), kMaxAttempts));
  group_.attempts.assign(attempts_.begin(), end);
  attempts_.erase(attempts_.begin(), end);
}

void GateKeeper::talk_to_guard() {
  fill_group();
  GateReport report = group_;
  report.policy = policy_hash_;
  report.filter_works = filter_works_;
  const auto answer = surroundings_.guard(report);
  if (!answer) return log_debug("gate", answer.error().message);
  if (answer->stored) group_ = {};
  // A guard with no policy has nobody's: the machine is new, or was given back. What it needs to be enrolled must not be closed.
  if (answer->word == GateAnswer::Word::kNoPolicy && policy_) {
    if (!gate_.remove() || !platform::remove_file(policy_file())) return;
    policy_.reset();
    in_force_.reset();
    policy_hash_ = {};
  }
  take_policy(*answer);
}

void GateKeeper::put_rules_in_force() {
  if (!policy_) return;
  GateRules rules = policy::decide_gate(*policy_, people_, exempt_, filter_works_);
  if (in_force_ == rules) return;
  if (auto applied = gate_.apply(rules); !applied) {
    if (!std::exchange(refused_, true)) add_news(GateNews::kRulesRefused);
    return log_error("gate", applied.error().message);
  }
  refused_ = false;
  in_force_ = std::move(rules);
}

// Another's reload has emptied the packet filter, or somebody has changed our part of it.
void GateKeeper::restore_rules() {
  if (!in_force_) return;
  const auto intact = gate_.is_intact();
  if (intact && *intact) return;
  in_force_.reset();
  put_rules_in_force();
  if (in_force_) add_news(GateNews::kRulesRestored);
}

void GateKeeper::tick(bool changed) {
  if (changed) restore_rules();
  const MonotonicMs now = clock_.monotonic_ms();
  if (now < next_) return;
  next_ = next_together(now, policy_ ? kGuardLookMs : kFirstLookMs);
  look_at_people();
  if (policy_) look_at_filter(now);
  restore_rules();
  if (in_force_) collect_attempts();
  put_rules_in_force();
  talk_to_guard();
  put_rules_in_force();
}

}  // namespace caretaker::agent
