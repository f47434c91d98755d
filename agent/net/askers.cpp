#include "agent/net/askers.h"

#include <algorithm>

#include "platform/users.h"

namespace caretaker::agent {
namespace {

constexpr MonotonicMs kPersonMs = 60'000;
constexpr MonotonicMs kNobodyMs = 10'000;  // people log in and out meanwhile
constexpr std::size_t kMaxPeople = 1024;

void add_group(Asker& asker, const policy::Group& group) {
  if (std::find(asker.groups.begin(), asker.groups.end(), &group) == asker.groups.end()) asker.groups.push_back(&group);
}

void add_group_of(Asker& asker, const platform::User& user) {
  add_group(asker, policy::group_of(asker.filter->policy, user.name, user.groups));
}

AskerPtr make_nobody(const FilterPtr& filter) {
  auto asker = std::make_shared<Asker>();
  asker->filter = filter;
  for (const auto uid : platform::active_users()) {
    const auto user = platform::find_user(uid);
    if (user && user->is_person) add_group_of(*asker, *user);
  }
  if (asker->groups.empty()) {
    for (const auto& group : filter->policy.groups) add_group(*asker, group);
  }
  return asker;
}

// nullptr: no person.
AskerPtr make_person(const FilterPtr& filter, std::uint32_t uid) {
  const auto user = platform::find_user(uid);
  if (!user || !user->is_person) return nullptr;
  auto asker = std::make_shared<Asker>();
  asker->filter = filter;
  asker->uid = uid;
  add_group_of(*asker, *user);
  return asker;
}

template <typename Decide>
policy::DnsDecision strictest(const Asker& asker, Decide decide_for) {
  auto decision = decide_for(*asker.groups.front());
  for (std::size_t i = 1; i < asker.groups.size(); ++i) {
    const auto other = decide_for(*asker.groups[i]);
    decision = policy::stricter(decision, other);
  }
  return decision;
}

}  // namespace

policy::DnsDecision decide(const Asker& asker, std::string_view name) {
  const auto& filter = *asker.filter;
  return strictest(asker, [&](const policy::Group& group) {
    return policy::decide_dns(filter.policy, group, filter.set, name);
  });
}

policy::DnsDecision decide_target(const Asker& asker, const policy::DnsDecision& asked, std::string_view target) {
  return strictest(asker, [&](const policy::Group& group) {
    return policy::decide_cname_target(asked, group, asker.filter->set, target);
  });
}

const AskerPtr& Askers::find(const FilterPtr& filter, platform::SocketOwners::Owner owner, MonotonicMs now) {
  const auto is_current = [&](const Known& known) {
    return known.until > now && (!known.asker || known.asker->filter == filter);
  };
  if (owner) {
    if (people_.size() >= kMaxPeople) people_.clear();
    auto& known = people_[*owner];
    if (!is_current(known)) known = {make_person(filter, *owner), now + kPersonMs};
    if (known.asker) return known.asker;
  }
  if (!nobody_.asker || !is_current(nobody_)) nobody_ = {make_nobody(filter), now + kNobodyMs};
  return nobody_.asker;
}

}  // namespace caretaker::agent
