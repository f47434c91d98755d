#include "policy/policy_group.h"

#include <algorithm>
#include <array>
#include <map>

#include "policy/address.h"
#include "policy/categories.h"
#include "policy/domain_name.h"
#include "policy/policy_media.h"
#include "policy/policy_programs.h"
#include "policy/policy_session.h"
#include "policy/policy_words.h"
#include "policy/suggestion.h"

namespace caretaker::policy {
namespace {

constexpr std::size_t kMaxUserName = 256;
constexpr std::size_t kMaxGroups = 64;
constexpr std::array<std::string_view, 15> kGroupKeys = {
    "users", "os_groups", "default", "blocked_categories", "allow", "deny", "safe_search", "youtube", "blocked_bypass",
    "forwarded_zones", "media", "programs", "idle_lock", "power_off", "if_filter_fails"};

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

// "https://example.com:443/page" -> "example.com", "*.example.com" -> "example.com".
std::string_view name_within(std::string_view text) {
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  text = text.substr(0, text.find_first_of("/:?#"));
  if (const auto at = text.find('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  while (text.starts_with("*") || text.starts_with(".")) text.remove_prefix(1);
  return text;
}

NameSet read_accounts(const Section& group, std::string_view key) {
  NameSet out;
  for (const TomlValue* value : group.texts(key)) {
    const std::string& name = value->text;
    const bool odd = std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (name.empty() || name.size() > kMaxUserName || odd || name.front() == ' ' || name.back() == ' ') {
      group.error(key, *value, "expected the name of an account or group of the operating system");
    } else if (!out.insert(name).second) {
      group.warn(key, *value, in_quotes(name) + " stands here twice");
    }
  }
  return out;
}

// A category that comes with Caretaker, by any of its names; others may come with lists that the school imports.
std::string_view known_category(const Section& group, std::string_view key, const TomlValue& value) {
  const std::string_view id = category_for_list(value.text).value_or(value.text);
  if (id != value.text)
    group.warn(key, value, "lists of this name are imported as " + in_quotes(id) + ": that is blocked");
  std::vector<std::string_view> known;
  for (const KnownCategory& category : known_categories()) known.push_back(category.id);
  const std::string suggestion = suggest(id, known);
  if (!suggestion.empty() && nearest(id, known) != id) {
    group.warn(key, value, in_quotes(id) + " is in no list that comes with Caretaker" + suggestion);
  }
  return id;
}

NameSet read_categories(const Section& group, std::string_view key) {
  NameSet out;
  if (!group.has(key)) group.error_here(key, "missing: name the categories that this group may not open, [] for none");
  for (const TomlValue* value : group.texts(key)) {
    if (!is_category_id(value->text)) {
      group.error(key, *value,
                  in_quotes(value->text) + " is no category: expected a-z, digits, '-' and '_', at most 64 of them");
      continue;
    }
    const std::string_view id = known_category(group, key, *value);
    if (is_locked_category(id)) {
      group.warn(key, *value, in_quotes(id) + " is locked: it is always blocked for everybody; leave it out here");
    } else if (!out.insert(std::string(id)).second) {
      group.warn(key, *value, in_quotes(id) + " stands here twice");
    }
  }
  return out;
}

NameSet read_names(const Section& group, std::string_view key) {
  NameSet out;
  for (const TomlValue* value : group.texts(key)) {
    const auto name = read_rule_name(group, key, *value);
    if (name && !out.insert(*name).second) group.warn(key, *value, in_quotes(*name) + " stands here twice");
  }
  return out;
}

// What an allow-list cannot do, or does more of than its writer may think.
void check_allowed(const Section& group, const NameSet& denied) {
  const TomlValue* list = group.table().find("allow");
  if (list == nullptr) return;
  for (const TomlValue& value : list->items) {
    const auto name = normalise_name(value.text);
    if (!name) continue;
    if (is_locked_category(*name)) {
      group.error("allow", value, in_quotes(*name) + " is locked: it is always blocked, and nothing can allow it");
    } else if (is_public_suffix(*name)) {
      group.warn("allow", value,
                 in_quotes(*name) + " is a public suffix: this allows every site whose name ends with it" +
                     (name->find('.') == std::string::npos ? "; categories are not named here" : ""));
    }
    if (denied.contains(*name)) group.warn("allow", value, in_quotes(*name) + " stands under deny too: deny wins");
  }
}

std::set<Bypass> read_bypass(const Section& group, std::string_view key) {
  std::set<Bypass> out;
  if (!group.has(key)) {
    for (const auto& [word, bypass] : kBypassWords) out.insert(bypass);
  }
  for (const TomlValue* value : group.texts(key)) {
    if (const auto bypass = group.chosen<Bypass>(*value, key, kBypassWords)) out.insert(*bypass);
  }
  return out;
}

Group read_group(const std::string& name, const Section& section) {
  section.allow_only(kGroupKeys);
  Group group;
  group.name = name;
  group.users = read_accounts(section, "users");
  group.os_groups = read_accounts(section, "os_groups");
  group.is_default = section.flag("default").value_or(false);
  group.blocked_categories = read_categories(section, "blocked_categories");
  group.allowed_names = read_names(section, "allow");
  group.denied_names = read_names(section, "deny");
  check_allowed(section, group.denied_names);
  group.safe_search = section.flag("safe_search").value_or(true);
  group.youtube = section.choice<YouTube>("youtube", kYouTubeWords).value_or(YouTube::kStrict);
  group.blocked_bypass = read_bypass(section, "blocked_bypass");
  group.plain_media = read_plain_media(section);
  group.downloads = read_downloads(section);
  if (section.has("forwarded_zones")) group.forwarded_zones = read_names(section, "forwarded_zones");
  group.idle_lock = read_idle_lock(section);
  group.power_off = read_power_off(section);
  group.if_filter_fails = section.choice<IfFilterFails>("if_filter_fails", kIfFilterFailsWords).value_or(IfFilterFails::kClosed);
  if (!group.is_default && group.users.empty() && group.os_groups.empty()) {
    section.warn("", section.table(), "nobody belongs to this group: name users or os_groups, or make it the default");
  }
  return group;
}

void check_default(const Section& groups, const std::vector<Group>& read) {
  const Group* first = nullptr;
  for (const Group& group : read) {
    if (!group.is_default) continue;
    if (first != nullptr) {
      groups.error(group.name + ".default", *groups.table().find(group.name),
                   "there is one default group, and \"" + first->name + "\" is it already");
    } else {
      first = &group;
    }
  }
  if (first == nullptr)
    groups.error_here("", "no group has default = true: one must stand for everybody who is in no other");
}

void check_shared_users(const Section& groups, const std::vector<Group>& read) {
  std::map<std::string_view, std::string_view> owner;
  for (const Group& group : read) {
    for (const std::string& user : group.users) {
      const auto [first, is_new] = owner.emplace(user, group.name);
      if (is_new) continue;
      groups.warn(group.name + ".users", *groups.table().find(group.name),
                  in_quotes(user) + " is in group " + in_quotes(first->second) + " too, which comes first and counts");
    }
  }
}

}  // namespace

std::optional<std::string> read_rule_name(const Section& section, std::string_view key, const TomlValue& value) {
  const auto name = normalise_name(value.text);
  if (name && !is_ipv4(*name)) return *name;
  if (name || is_ipv6(value.text)) {
    section.error(key, value,
                  in_quotes(value.text) + " is an address; expected the name of a site such as \"example.com\"");
    return std::nullopt;
  }
  const auto meant = normalise_name(name_within(value.text));
  section.error(key, value,
                meant ? "expected only the name, which includes everything under it: write " + in_quotes(*meant)
                      : name.error().message);
  return std::nullopt;
}

std::vector<Group> read_groups(const Section& root) {
  std::vector<Group> out;
  const auto groups = root.section("groups");
  if (!groups) {
    if (!root.has("groups"))
      root.error_here("groups", "missing: expected at least one section such as [groups.pupils]");
    return out;
  }
  for (const TomlMember& member : groups->table().members) {
    if (!is_category_id(member.key)) {
      groups->error(member.key, member.value, "a group's name has a-z, digits, '-' and '_', at most 64 of them");
    }
    if (const auto section = groups->section(member.key)) out.push_back(read_group(member.key, *section));
  }
  if (out.size() > kMaxGroups) groups->error_here("", "more than 64 groups");
  check_default(*groups, out);
  check_shared_users(*groups, out);
  return out;
}

}  // namespace caretaker::policy
