#include "policy/weakening.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "policy/policy_network.h"
#include "policy/policy_words.h"

namespace caretaker::policy {
namespace {

constexpr std::size_t kNoGroup = ~std::size_t{0};
using Ranks = std::pair<std::size_t, std::size_t>;  // a group's place in the policy before and after

// The first group that has each of these names, before and after.
std::set<Ranks> ranks_of(const Policy& before, const Policy& after, NameSet Group::*names) {
  std::map<std::string_view, Ranks> found;
  const auto collect = [&](const Policy& policy, std::size_t Ranks::*rank) {
    for (std::size_t i = 0; i < policy.groups.size(); ++i) {
      for (const std::string& name : policy.groups[i].*names) {
        Ranks& ranks = found.emplace(name, Ranks{kNoGroup, kNoGroup}).first->second;
        ranks.*rank = std::min(ranks.*rank, i);
      }
    }
  };
  collect(before, &Ranks::first);
  collect(after, &Ranks::second);
  std::set<Ranks> out = {{kNoGroup, kNoGroup}};  // somebody who is named nowhere
  for (const auto& [name, ranks] : found) out.insert(ranks);
  return out;
}

const Group& group_at(const Policy& policy, std::size_t by_user, std::size_t by_os_group) {
  const std::size_t rank = by_user != kNoGroup ? by_user : by_os_group;
  return rank == kNoGroup ? group_of(policy, "", {}) : policy.groups[rank];
}

// Every pair of groups that somebody may be in before and after. Two OS groups stand for any number: one decides
// before, one after.
std::set<std::pair<const Group*, const Group*>> moves(const Policy& before, const Policy& after) {
  const auto users = ranks_of(before, after, &Group::users);
  const auto os_groups = ranks_of(before, after, &Group::os_groups);
  std::set<Ranks> by_os_groups;
  for (const Ranks& a : os_groups) {
    for (const Ranks& b : os_groups) by_os_groups.emplace(std::min(a.first, b.first), std::min(a.second, b.second));
  }
  std::set<std::pair<const Group*, const Group*>> out;
  for (const Ranks& user : users) {
    for (const Ranks& os_group : by_os_groups) {
      out.emplace(&group_at(before, user.first, os_group.first), &group_at(after, user.second, os_group.second));
    }
  }
  return out;
}

// Notes what is in `before` and not in `after`, each with `words` behind it.
template <typename Set>
void note_missing(const Set& before, const Set& after, const std::string& prefix, const std::string& words,
                  std::vector<std::string>& out) {
  for (const auto& item : before) {
    if (!after.contains(item)) out.push_back(prefix + std::string(item) + words);
  }
}

std::set<std::string_view> bypass_words(const Group& group) {
  std::set<std::string_view> out;
  for (const Bypass kind : group.blocked_bypass) out.insert(word_of(kBypassWords, kind));
  return out;
}

void compare_groups(const Group& before, const Group& after, PolicyChange& change) {
  const std::string who =
      (before.name == after.name ? before.name : "people of " + before.name + " who are now in " + after.name) + ": ";
  note_missing(before.blocked_categories, after.blocked_categories, who + "category ", " is no longer blocked",
               change.opens);
  note_missing(after.blocked_categories, before.blocked_categories, who + "category ", " is now blocked",
               change.closes);
  note_missing(after.allowed_names, before.allowed_names, who, " is now allowed", change.opens);
  note_missing(before.allowed_names, after.allowed_names, who, " is no longer allowed by name", change.closes);
  note_missing(before.denied_names, after.denied_names, who, " is no longer denied by name", change.opens);
  note_missing(after.denied_names, before.denied_names, who, " is now denied", change.closes);
  const auto bypass_before = bypass_words(before);
  const auto bypass_after = bypass_words(after);
  note_missing(bypass_before, bypass_after, who, " as a way round is no longer blocked", change.opens);
  note_missing(bypass_after, bypass_before, who, " as a way round is now blocked", change.closes);
  if (before.safe_search != after.safe_search) {
    (after.safe_search ? change.closes : change.opens)
        .push_back(who + "safe search is now " + (after.safe_search ? "on" : "off"));
  }
  if (before.plain_media != after.plain_media) {
    (after.plain_media > before.plain_media ? change.closes : change.opens)
        .push_back(who + "removable media that are not encrypted: now \"" + std::string(word_of(kPlainMediaWords, after.plain_media)) +
                   "\"");
  }
  if (before.if_filter_fails != after.if_filter_fails) {
    (after.if_filter_fails > before.if_filter_fails ? change.closes : change.opens)
        .push_back(who + "names while the filter does not work: now \"" + std::string(word_of(kIfFilterFailsWords, after.if_filter_fails)) + "\"");
  }
  if (before.downloads != after.downloads) {
    (after.downloads > before.downloads ? change.closes : change.opens)
        .push_back(who + "programs that a user could have brought: now \"" + std::string(word_of(kDownloadsWords, after.downloads)) + "\"");
  }
  if (before.youtube != after.youtube) {
    (after.youtube > before.youtube ? change.closes : change.opens)
        .push_back(who + "YouTube is now \"" + std::string(word_of(kYouTubeWords, after.youtube)) + "\"");
  }
}

// A number that opens when it grows, with the words for it.
void compare_number(std::int64_t before, std::int64_t after, const std::string& words, PolicyChange& change) {
  if (before != after) (after > before ? change.opens : change.closes).push_back(words + std::to_string(after));
}

void compare_idle_locks(const Group& before, const Group& after, PolicyChange& change) {
  const IdleLock& had = before.idle_lock;
  const IdleLock& has = after.idle_lock;
  const std::string who = after.name + ": ";
  compare_number(had.after_minutes, has.after_minutes, who + "minutes until an idle screen locks: ", change);
  compare_number(had.video_minutes, has.video_minutes, who + "minutes that a film keeps the screen open: ", change);
  if (had.if_not_locked != has.if_not_locked) {
    (has.if_not_locked > had.if_not_locked ? change.closes : change.opens)
        .push_back(who + "a screen that does not lock: " + std::string(word_of(kIfNotLockedWords, has.if_not_locked)));
  }
}

void compare_power_off(const Group& before, const Group& after, PolicyChange& change) {
  const std::string who = after.name + ": machines ";
  if (before.power_off.has_value() != after.power_off.has_value()) {
    (after.power_off ? change.closes : change.opens).push_back(who + (after.power_off ? "are now" : "are no longer") + " switched off for the night");
  }
  if (!before.power_off || !after.power_off) return;
  compare_number(before.power_off->at_minute, after.power_off->at_minute, who + "go off at minute of the day: ", change);
  compare_number(before.power_off->snoozes, after.power_off->snoozes, who + "may be kept on this often: ", change);
}

NameSet zone_names(const Policy& policy) {
  NameSet out;
  for (const ForwardedZone& zone : policy.forwarded_zones) out.insert(zone.zone);
  return out;
}

// Whoever answers questions sees every name, and may answer what he likes: another resolver is never only a matter of taste.
void compare_resolvers(const Policy& before, const Policy& after, PolicyChange& change) {
  const NameSet had(before.upstreams.begin(), before.upstreams.end());
  const NameSet has(after.upstreams.begin(), after.upstreams.end());
  note_missing(has, had, "every name is now asked of ", ", which sees them all and may answer as it likes", change.opens);
  note_missing(had, has, "names are no longer asked of ", "", change.closes);
  if (had.empty() == has.empty()) return;
  const std::string own = "the resolvers of whatever network the device is in";
  (has.empty() ? change.opens : change.closes).push_back((has.empty() ? "names are now asked of " : "names are no longer asked of ") + own);
}

// Of the zones that both policies forward: whom each is asked of.
void compare_zone_servers(const Policy& before, const Policy& after, PolicyChange& change) {
  for (const ForwardedZone& old_zone : before.forwarded_zones) {
    for (const ForwardedZone& new_zone : after.forwarded_zones) {
      if (old_zone.zone != new_zone.zone) continue;
      const NameSet had(old_zone.servers.begin(), old_zone.servers.end());
      const NameSet has(new_zone.servers.begin(), new_zone.servers.end());
      note_missing(has, had, new_zone.zone + " and everything under it is now asked of ", "", change.opens);
      note_missing(had, has, new_zone.zone + " and everything under it is no longer asked of ", "", change.closes);
    }
  }
}

NameSet block_addresses(const Policy& policy) {
  NameSet out;
  if (policy.block_answer != BlockAnswer::kAddress) return out;
  for (const std::string* address : {&policy.block_address_v4, &policy.block_address_v6}) {
    if (!address->empty()) out.insert(*address);
  }
  return out;
}

// What somebody sees who asks for a blocked name: nothing, or whatever stands at that address.
void compare_block_answer(const Policy& before, const Policy& after, PolicyChange& change) {
  const NameSet had = block_addresses(before);
  const NameSet has = block_addresses(after);
  note_missing(has, had, "blocked names now lead to ", ", and to what is shown there", change.opens);
  note_missing(had, has, "blocked names no longer lead to ", "", change.closes);
}

// Who reads which kind of event, "web.blocked by safeguarding"; for the kinds that either policy names.
NameSet readers(const Policy& policy, const Policy& other) {
  NameSet out;
  for (const Policy* named : {&policy, &other}) {
    for (const auto& [event_kind, kinds] : named->recipients) {
      for (const std::string& kind : recipients_for(policy, event_kind)) {
        out.insert((event_kind == "*" ? "other events" : event_kind) + " by " + kind);
      }
    }
  }
  return out;
}

NameSet media_names(const Policy& policy) {
  NameSet out;
  for (const AllowedMedium& medium : policy.allowed_media) {
    std::string name;
    for (const std::string* part : {&medium.usb, &medium.serial, &medium.volume}) name += (part->empty() ? "" : " ") + *part;
    out.insert("removable medium" + name);
  }
  return out;
}

NameSet port_names(const std::vector<GatePorts>& ports) {
  NameSet out;
  for (const GatePorts& one : ports) out.insert("port " + ports_text(one));
  return out;
}

void compare_network(const NetworkRules& before, const NetworkRules& after, PolicyChange& change) {
  const NameSet closed_before = port_names(before.closed_ports);
  const NameSet closed_after = port_names(after.closed_ports);
  note_missing(closed_before, closed_after, "", " is no longer closed", change.opens);
  note_missing(closed_after, closed_before, "", " is now closed", change.closes);
  const NameSet open_before = port_names(before.open_ports);
  const NameSet open_after = port_names(after.open_ports);
  note_missing(open_after, open_before, "", " stays open for whatever uses it", change.opens);
  note_missing(open_before, open_after, "", " is no longer held open", change.closes);
  const NameSet addresses_before(before.closed_addresses.begin(), before.closed_addresses.end());
  const NameSet addresses_after(after.closed_addresses.begin(), after.closed_addresses.end());
  note_missing(addresses_before, addresses_after, "address ", " is no longer closed", change.opens);
  note_missing(addresses_after, addresses_before, "address ", " is now closed", change.closes);
  compare_number(before.portal_minutes, after.portal_minutes, "minutes that a captive portal's own name is open: ", change);
}

void compare_unreadable(Unreadable before, Unreadable after, const std::string& what, PolicyChange& change) {
  if (before == after) return;
  (after > before ? change.closes : change.opens).push_back(what + ": now \"" + std::string(word_of(kUnreadableWords, after)) + "\"");
}

void compare_rest(const Policy& before, const Policy& after, PolicyChange& change) {
  const NameSet zones_before = zone_names(before);
  const NameSet zones_after = zone_names(after);
  note_missing(zones_after, zones_before, "", " and everything under it is now forwarded past the categories",
               change.opens);
  note_missing(zones_before, zones_after, "", " is no longer forwarded past the categories", change.closes);
  compare_resolvers(before, after, change);
  compare_zone_servers(before, after, change);
  compare_block_answer(before, after, change);
  const NameSet media_before = media_names(before);
  const NameSet media_after = media_names(after);
  note_missing(media_after, media_before, "", " is now allowed", change.opens);
  note_missing(media_before, media_after, "", " is no longer allowed", change.closes);
  compare_unreadable(before.inspection.unreadable, after.inspection.unreadable, "connections without a readable name", change);
  compare_unreadable(before.inspection.when_down, after.inspection.when_down, "connections while their names are not read", change);
  const NameSet readers_before = readers(before, after);
  const NameSet readers_after = readers(after, before);
  note_missing(readers_after, readers_before, "details can now be read: ", "", change.opens);
  note_missing(readers_before, readers_after, "details can no longer be read: ", "", change.opens);
  compare_network(before.network, after.network, change);
  if (before.event_quota_bytes != after.event_quota_bytes) {
    (after.event_quota_bytes < before.event_quota_bytes ? change.opens : change.closes)
        .push_back("events may now take " + std::to_string(after.event_quota_bytes >> 20) + " MiB");
  }
}

// Zones that both policies forward: who may ask them.
void compare_zones(const Policy& before, const Policy& after, const Group& old_group, const Group& new_group,
                   PolicyChange& change) {
  const NameSet kept = zone_names(after);
  for (const ForwardedZone& zone : before.forwarded_zones) {
    const bool could = may_ask(old_group, zone);
    const bool can = may_ask(new_group, zone);
    if (could == can || !kept.contains(zone.zone)) continue;
    (can ? change.opens : change.closes)
        .push_back(new_group.name + ": " + zone.zone + (can ? " is now" : " is no longer") + " forwarded past the categories");
  }
}

void compare_exceptions(const Policy& before, const Policy& after, PolicyChange& change) {
  const ExceptionRules nothing;
  const ExceptionRules& had = before.exceptions ? *before.exceptions : nothing;
  const ExceptionRules& has = after.exceptions ? *after.exceptions : nothing;
  if (had == has) return;
  const std::string who = "teachers ";
  if (!after.exceptions) {
    change.closes.push_back(who + "may no longer open sites");
    return;
  }
  note_missing(has.opened_for, had.opened_for, who + "may now open sites for ", "", change.opens);
  note_missing(had.opened_for, has.opened_for, who + "may no longer open sites for ", "", change.closes);
  note_missing(has.categories, had.categories, who + "may now open category ", "", change.opens);
  note_missing(had.categories, has.categories, who + "may no longer open category ", "", change.closes);
  if (had.youtube != has.youtube) {
    (has.youtube ? change.opens : change.closes).push_back(who + (has.youtube ? "may now" : "may no longer") + " open YouTube");
  }
  compare_number(had.to_minute, has.to_minute, who + "may open sites until minute of the day: ", change);
  if (had.from_minute != has.from_minute) {
    (has.from_minute < had.from_minute ? change.opens : change.closes)
        .push_back(who + "may open sites from minute of the day: " + std::to_string(has.from_minute));
  }
  compare_number(had.max_minutes, has.max_minutes, who + "may open a site for this many minutes: ", change);
}

void sort_and_join(std::vector<std::string>& lines) {
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
}

}  // namespace

PolicyChange compare_policies(const Policy& before, const Policy& after) {
  PolicyChange change;
  for (const auto& [old_group, new_group] : moves(before, after)) {
    compare_groups(*old_group, *new_group, change);
    compare_zones(before, after, *old_group, *new_group, change);
    compare_idle_locks(*old_group, *new_group, change);
    compare_power_off(*old_group, *new_group, change);
  }
  // Not the suspensions: whoever may suspend somebody may end it, and both are for a time. Nor the notice and the words on
  // a lost device, which open nothing.
  compare_rest(before, after, change);
  compare_exceptions(before, after, change);
  sort_and_join(change.opens);
  sort_and_join(change.closes);
  return change;
}

}  // namespace caretaker::policy
