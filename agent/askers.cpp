#include "agent/askers.h"

#include <algorithm>

#include "platform/users.h"
#include "policy/portal.h"

namespace caretaker::agent {
namespace {

constexpr MonotonicMs kPersonMs = 60'000;
constexpr MonotonicMs kNobodyMs = 10'000;  // people log in and out meanwhile
constexpr std::size_t kMaxPeople = 1024;

// What is open for somebody at `now`.
std::vector<policy::Lesson> open_for(const Filter& filter, const policy::Group& group, const std::vector<std::string>& os_groups,
                                     MonotonicMs now) {
  std::vector<policy::Lesson> out;
  for (const Filter::Lesson& open : filter.lessons) {
    if (open.ends > now && policy::is_for(open.lesson, group, os_groups)) out.push_back(open.lesson);
  }
  return out;
}

std::string portal_at(const Filter& filter, MonotonicMs now) { return filter.portal.ends > now ? filter.portal.name : ""; }

// Of two people of one group only what is open for both.
void add_group(Asker& asker, const policy::Group& group, std::vector<policy::Lesson> open) {
  const auto known = std::find(asker.groups.begin(), asker.groups.end(), &group);
  if (known == asker.groups.end()) {
    asker.groups.push_back(&group);
    asker.lessons.push_back(std::move(open));
    return;
  }
  std::erase_if(asker.lessons[static_cast<std::size_t>(known - asker.groups.begin())], [&](const policy::Lesson& lesson) {
    return std::find(open.begin(), open.end(), lesson) == open.end();
  });
}

void add_group_of(Asker& asker, const platform::User& user, MonotonicMs now) {
  const auto& group = policy::group_of(asker.filter->policy, user.name, user.groups);
  add_group(asker, group, open_for(*asker.filter, group, user.groups, now));
}

AskerPtr make_nobody(const FilterPtr& filter, MonotonicMs now) {
  auto asker = std::make_shared<Asker>();
  asker->filter = filter;
  asker->portal = portal_at(*filter, now);
  for (const auto uid : platform::active_users()) {
    const auto user = platform::find_user(uid);
    if (user && user->is_person) add_group_of(*asker, *user, now);
  }
  if (asker->groups.empty()) {
    for (const auto& group : filter->policy.groups) add_group(*asker, group, open_for(*filter, group, {}, now));
  }
  return asker;
}

// nullptr: no person.
AskerPtr make_person(const FilterPtr& filter, std::uint32_t uid, MonotonicMs now) {
  const auto user = platform::find_user(uid);
  if (!user || !user->is_person) return nullptr;
  auto asker = std::make_shared<Asker>();
  asker->filter = filter;
  asker->uid = uid;
  asker->portal = portal_at(*filter, now);
  add_group_of(*asker, *user, now);
  return asker;
}

// Until when what was looked up is good: a lesson or a portal that ends takes effect at once.
MonotonicMs good_until(const Filter& filter, MonotonicMs now, MonotonicMs at_most) {
  MonotonicMs until = now + at_most;
  for (const Filter::Lesson& open : filter.lessons) {
    if (open.ends > now) until = std::min(until, open.ends);
  }
  if (filter.portal.ends > now) until = std::min(until, filter.portal.ends);
  return until;
}

std::span<const policy::Lesson> lessons_of(const Asker& asker, std::size_t group) {
  return group < asker.lessons.size() ? std::span<const policy::Lesson>(asker.lessons[group]) : std::span<const policy::Lesson>();
}

template <typename Decide>
policy::DnsDecision strictest(const Asker& asker, Decide decide_for) {
  auto decision = decide_for(0);
  for (std::size_t i = 1; i < asker.groups.size(); ++i) {
    const auto other = decide_for(i);
    decision = policy::stricter(decision, other);
  }
  return decision;
}

}  // namespace

policy::DnsDecision decide(const Asker& asker, std::string_view name) {
  const auto& filter = *asker.filter;
  return strictest(asker, [&](std::size_t i) {
    return policy::with_portal(policy::decide_dns(filter.policy, *asker.groups[i], filter.set, name, lessons_of(asker, i)), asker.portal, name);
  });
}

policy::DnsDecision decide_target(const Asker& asker, const policy::DnsDecision& asked, std::string_view target) {
  return strictest(asker, [&](std::size_t i) {
    return policy::decide_cname_target(asked, asker.filter->policy, *asker.groups[i], asker.filter->set, target);
  });
}

const AskerPtr& Askers::find(const FilterPtr& filter, platform::SocketOwners::Owner owner, MonotonicMs now) {
  const auto is_current = [&](const Known& known) {
    return known.until > now && (!known.asker || known.asker->filter == filter);
  };
  if (owner) {
    if (people_.size() >= kMaxPeople) people_.clear();
    auto& known = people_[*owner];
    if (!is_current(known)) known = {make_person(filter, *owner, now), good_until(*filter, now, kPersonMs)};
    if (known.asker) return known.asker;
  }
  if (!nobody_.asker || !is_current(nobody_)) nobody_ = {make_nobody(filter, now), good_until(*filter, now, kNobodyMs)};
  return nobody_.asker;
}

}  // namespace caretaker::agent
