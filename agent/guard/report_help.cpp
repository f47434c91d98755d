#include "agent/guard/report_help.h"

#include <algorithm>

#include "platform/base/text.h"
#include "policy/domain_name.h"

namespace caretaker::agent {
namespace {

using sync::Severity;

constexpr MonotonicMs kHourMs = 3'600'000;
constexpr MonotonicMs kDayMs = 24 * kHourMs;
constexpr std::size_t kMostOfUser = 20;  // an hour; a child who writes more than that should be sent to somebody
constexpr std::size_t kMostOfAll = 300;

void add_decision(sync::Details& details, const HelpReport& report, const policy::Policy& policy, const policy::Group& group,
                  const policy::SetView* set) {
  details.fields["name"] = report.name;
  if (set == nullptr) return;
  const auto decision = policy::decide_dns(policy, group, *set, report.name);
  details.fields["reason"] = policy::reason_name(decision.reason);
  if (!decision.category.empty()) details.fields["category"] = decision.category;
}

}  // namespace

Status check_help(const HelpReport& report) {
  if (!is_clean_text(report.words, Lines::kMany)) return make_error(ErrorCode::kInvalidInput, "words that are no clean text");
  if (report.kind == HelpKind::kWorried) {
    if (!report.name.empty()) return make_error(ErrorCode::kInvalidInput, "a name where none belongs");
    const bool says_something = report.words.find_first_not_of(" \n") != std::string::npos;
    return says_something ? ok() : make_error(ErrorCode::kInvalidInput, "nothing was said");
  }
  const auto name = policy::normalise_name(report.name);
  return name && *name == report.name ? ok() : make_error(ErrorCode::kInvalidInput, "asked for something that is no name");
}

std::size_t HelpReports::recent(const Times& times) const {
  const MonotonicMs since = clock_.monotonic_ms() - kHourMs;
  return static_cast<std::size_t>(std::count_if(times.begin(), times.end(), [&](MonotonicMs time) { return time > since; }));
}

HelpReports::Plan HelpReports::plan(const HelpReport& report, const policy::Policy& policy, const policy::SetView* set) const {
  Plan out;
  std::vector<std::string> os_groups;
  if (report.uid) {
    if (const auto user = find_user_(*report.uid); user && user->is_person) {
      out.user = user->name;
      os_groups = user->groups;
    }
  }
  const auto asked = asked_.find({out.user, report.name});
  if (report.kind == HelpKind::kUnblock && asked != asked_.end() && clock_.monotonic_ms() - asked->second < kDayMs) {
    out.outcome = HelpOutcome::kAlready;
    return out;
  }
  const auto own = by_user_.find({out.user, report.kind});
  const auto all = all_.find(report.kind);
  const bool too_many = (own != by_user_.end() && recent(own->second) >= kMostOfUser) ||
                        (all != all_.end() && recent(all->second) >= kMostOfAll);
  if (too_many) {
    out.outcome = HelpOutcome::kTooMany;
    return out;
  }
  const policy::Group& group = policy::group_of(policy, out.user, os_groups);
  sync::Details details;
  details.fields["attribution"] = out.user.empty() ? "device" : "user";
  if (!out.user.empty()) {
    details.fields["user"] = out.user;
    details.fields["group"] = group.name;
  }
  if (!report.words.empty()) details.fields["words"] = report.words;
  const bool worried = report.kind == HelpKind::kWorried;
  if (!worried) add_decision(details, report, policy, group, set);
  out.event = {{worried ? "help.worried" : "help.unblock", "page", worried ? Severity::kHigh : Severity::kLow, std::move(details)},
               1, clock_.now()};
  return out;
}

void HelpReports::on_stored(const HelpReport& report, const std::string& user) {
  forget_old();
  const MonotonicMs now = clock_.monotonic_ms();
  by_user_[{user, report.kind}].push_back(now);
  all_[report.kind].push_back(now);
  if (report.kind == HelpKind::kUnblock) asked_[{user, report.name}] = now;
}

void HelpReports::forget_old() {
  const MonotonicMs now = clock_.monotonic_ms();
  const auto drop = [&](Times& times) {
    while (!times.empty() && times.front() <= now - kHourMs) times.pop_front();
    return times.empty();
  };
  for (auto& entry : all_) (void)drop(entry.second);
  for (auto own = by_user_.begin(); own != by_user_.end();) own = drop(own->second) ? by_user_.erase(own) : std::next(own);
  std::erase_if(asked_, [&](const auto& entry) { return now - entry.second >= kDayMs; });
}

}  // namespace caretaker::agent
