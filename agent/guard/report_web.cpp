#include "agent/guard/report_web.h"

#include <algorithm>
#include <array>

#include "platform/base/count.h"
#include "policy/categories.h"
#include "policy/domain_name.h"

namespace caretaker::agent {
namespace {

using policy::Reason;
using sync::Severity;

constexpr std::size_t kMaxPeople = 256;
constexpr MonotonicMs kPersonMs = 300'000;  // who a uid is may change with a directory service
constexpr UnixSeconds kOldest = 86'400;     // in the caller's queue

constexpr std::array<std::string_view, 2> kHighCategories = {"self_harm", "extremism"};
constexpr std::array<std::string_view, 4> kMediumCategories = {"adult", "race_hatred", "violence", "weapons"};

bool is_bypass(Reason reason) {
  return reason == Reason::kBypassDoh || reason == Reason::kBypassRelay || reason == Reason::kBypassVpn ||
         reason == Reason::kBypassProxy || reason == Reason::kNoReadableName;
}

bool is_usable(const Violation& violation) {
  const auto name = policy::normalise_name(violation.name);
  return name && *name == violation.name && (violation.category.empty() || policy::is_category_id(violation.category));
}

}  // namespace

Severity severity_of(Reason reason, std::string_view category) {
  if (reason == Reason::kLockedClass || std::ranges::find(kHighCategories, category) != kHighCategories.end()) {
    return Severity::kHigh;
  }
  if (reason == Reason::kNoReadableName) return Severity::kLow;  // old programs do it too
  if (is_bypass(reason) || std::ranges::find(kMediumCategories, category) != kMediumCategories.end()) {
    return Severity::kMedium;
  }
  return Severity::kLow;
}

std::string_view kind_of(Reason reason) { return is_bypass(reason) ? "web.bypass" : "web.blocked"; }

void drop_unusable(WebReport& report) {
  std::erase_if(report.violations, [&report](const Violation& violation) {
    if (is_usable(violation)) return false;
    add_to_count(report.lost, violation.count);
    return true;
  });
}

const WebReports::Person& WebReports::person(const std::optional<std::uint32_t>& uid) {
  if (!uid) return device_;
  const MonotonicMs now = clock_.monotonic_ms();
  const auto known = people_.find(*uid);
  if (known != people_.end() && now - known->second.found < kPersonMs) return known->second;
  Person found{"", {}, now};
  if (const auto user = find_user_(*uid); user && user->is_person) found = {user->name, user->groups, now};
  if (people_.size() >= kMaxPeople) people_.clear();
  return people_[*uid] = std::move(found);
}

std::string WebReports::group_for(const std::string& user, const policy::Policy& policy) const {
  for (const auto& [uid, person] : people_) {
    if (person.user == user) return policy::group_of(policy, user, person.os_groups).name;
  }
  return policy::group_of(policy, user, {}).name;
}

PlannedEvent WebReports::make_event(const RepeatKey& key, const policy::Policy& policy, std::uint32_t count,
                                    UnixSeconds time) const {
  const std::string reason(policy::reason_name(key.reason));
  sync::Details details;
  details.fields["attribution"] = key.user.empty() ? "device" : "user";
  if (!key.user.empty()) {
    details.fields["user"] = key.user;
    details.fields["group"] = group_for(key.user, policy);
  }
  details.fields["name"] = key.name;
  details.fields["category"] = key.category;
  details.fields["reason"] = reason;
  return {{std::string(kind_of(key.reason)), reason, severity_of(key.reason, key.category), std::move(details)}, count, time};
}

std::vector<PlannedEvent> WebReports::plan(const WebReport& report, const policy::Policy& policy) {
  std::vector<PlannedEvent> events;
  const UnixSeconds now = clock_.now();
  for (const Violation& violation : report.violations) {
    const RepeatKey key{person(violation.uid).user, violation.name, violation.category, violation.reason};
    const UnixSeconds time = std::clamp(violation.time, std::max<UnixSeconds>(0, now - kOldest), std::max<UnixSeconds>(0, now));
    const bool high = severity_of(violation.reason, violation.category) == Severity::kHigh;
    RepeatFilter& filter = high ? high_ : ordinary_;
    if (filter.decide(key, violation.count, time, clock_.monotonic_ms()) == RepeatFilter::Verdict::kStore) {
      events.push_back(make_event(key, policy, violation.count, time));
    }
  }
  return events;
}

std::vector<PlannedEvent> WebReports::take_repeats(const policy::Policy& policy, bool all) {
  std::vector<PlannedEvent> events;
  for (RepeatFilter* filter : {&high_, &ordinary_}) {
    const auto ended = all ? filter->take_all() : filter->take_finished(clock_.monotonic_ms());
    for (const Repeats& repeats : ended) events.push_back(make_event(repeats.key, policy, repeats.count, repeats.last));
  }
  return events;
}

std::uint32_t WebReports::take_dropped() {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(high_.take_dropped() + ordinary_.take_dropped(), UINT32_MAX));
}

}  // namespace caretaker::agent
