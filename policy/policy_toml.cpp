#include <algorithm>
#include <array>
#include <tuple>

#include "policy/address.h"
#include "policy/domain_name.h"
#include "policy/policy.h"
#include "policy/policy_exceptions.h"
#include "policy/policy_group.h"
#include "policy/policy_inspection.h"
#include "policy/policy_media.h"
#include "policy/policy_notice.h"
#include "policy/policy_network.h"
#include "policy/policy_section.h"
#include "policy/policy_session.h"
#include "policy/policy_words.h"
#include "policy/suggestion.h"

namespace caretaker::policy {
namespace {

constexpr std::size_t kMaxSchoolName = 200;
constexpr std::int64_t kMinQuotaMib = 16;
constexpr std::int64_t kMaxQuotaMib = 4096;

constexpr std::array<std::string_view, 12> kTopKeys = {"school", "groups", "dns", "media", "recipients", "events",
                                                      "suspended", "exceptions", "notice", "lost", "network", "inspection"};
constexpr std::array<std::string_view, 5> kDnsKeys = {"upstreams", "block_answer", "block_address_v4",
                                                      "block_address_v6", "forwarded_zones"};
constexpr std::array<std::string_view, 1> kEventKeys = {"quota_mib"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kRecipientWords = {{
    {"safeguarding", "safeguarding"},
    {"technician", "technician"},
    {"escrow", "escrow"},
}};

std::string read_school(const Section& root) {
  const auto school = root.text("school");
  if (!root.has("school")) root.error_here("school", "missing: expected the school's name");
  if (school && (school->empty() || school->size() > kMaxSchoolName)) {
    root.error("school", *root.table().find("school"), "expected a name of 1 to 200 characters");
  }
  return school.value_or("");
}

std::vector<std::string> read_servers(const Section& section, std::string_view key) {
  std::vector<std::string> out;
  for (const TomlValue* value : section.texts(key)) {
    if (is_server_address(value->text)) {
      out.push_back(value->text);
    } else {
      section.error(key, *value,
                    "\"" + value->text +
                        "\" is no address; expected one such as \"192.0.2.1\", \"192.0.2.1:53\" or "
                        "\"[2001:db8::1]:53\"");
    }
  }
  return out;
}

std::vector<ForwardedZone> read_zones(const Section& dns) {
  std::vector<ForwardedZone> out;
  const auto zones = dns.section("forwarded_zones");
  if (!zones) return out;
  for (const TomlMember& member : zones->table().members) {
    TomlValue written = member.value;  // the complaint is about the key
    written.text = member.key;
    const auto name = read_rule_name(*zones, member.key, written);
    auto servers = read_servers(*zones, member.key);
    if (servers.empty() && member.value.kind == TomlValue::Kind::kArray && member.value.items.empty()) {
      zones->error(member.key, member.value, "expected the address of at least one server");
    }
    if (!name) continue;
    const auto same = [&](const ForwardedZone& zone) { return zone.zone == *name; };
    if (std::any_of(out.begin(), out.end(), same))
      zones->error(member.key, member.value, "this zone stands here twice");
    if (is_public_suffix(*name)) {
      zones->warn(member.key, member.value, "every name that ends with it is forwarded, past all categories");
    }
    out.push_back({*name, std::move(servers)});
  }
  return out;
}

std::string read_block_address(const Section& dns, std::string_view key, bool (*is_address)(std::string_view),
                               std::string_view example) {
  const auto address = dns.text(key);
  if (!address) return "";
  if (!is_address(*address)) {
    dns.error(key, *dns.table().find(key), "expected an address such as \"" + std::string(example) + "\"");
  }
  return *address;
}

void read_dns(const Section& root, Policy& policy) {
  const auto dns = root.section("dns");
  if (!dns) return;
  dns->allow_only(kDnsKeys);
  policy.upstreams = read_servers(*dns, "upstreams");
  policy.forwarded_zones = read_zones(*dns);
  policy.block_answer = dns->choice<BlockAnswer>("block_answer", kBlockAnswerWords).value_or(BlockAnswer::kNxdomain);
  policy.block_address_v4 = read_block_address(*dns, "block_address_v4", is_ipv4, "192.0.2.1");
  policy.block_address_v6 = read_block_address(*dns, "block_address_v6", is_ipv6, "2001:db8::1");
  if (policy.block_answer == BlockAnswer::kAddress && policy.block_address_v4.empty()) {
    dns->error("block_answer", *dns->table().find("block_answer"), "\"address\" needs block_address_v4 as well");
  }
}

// A group can only be given zones that the policy forwards.
void check_group_zones(const Section& root, const Policy& policy) {
  if (policy.groups.empty()) return;
  const auto groups = root.section("groups");
  for (const Group& group : policy.groups) {
    if (!groups || !group.forwarded_zones) continue;
    for (const std::string& name : *group.forwarded_zones) {
      const auto same = [&](const ForwardedZone& zone) { return zone.zone == name; };
      if (std::any_of(policy.forwarded_zones.begin(), policy.forwarded_zones.end(), same)) continue;
      groups->error(group.name + ".forwarded_zones", *groups->table().find(group.name),
                    "\"" + name + "\" is no zone of [dns.forwarded_zones]");
    }
  }
}

// An OS group in two groups of ours: its people get the rules of one, and nobody would guess which.
void check_shared_os_groups(const Section& root, const Policy& policy) {
  if (policy.groups.empty()) return;
  const auto groups = root.section("groups");
  if (!groups) return;
  for (auto group = policy.groups.begin(); group != policy.groups.end(); ++group) {
    for (const std::string& name : group->os_groups) {
      const auto same = [&](const Group& earlier) { return earlier.os_groups.contains(name); };
      const auto first = std::find_if(policy.groups.begin(), group, same);
      const TomlValue* at = groups->table().find(group->name);
      if (first == group || at == nullptr) continue;
      groups->warn(group->name + ".os_groups", *at,
                   "\"" + name + "\" is in groups." + first->name + " too, and its people get the rules of that one");
    }
  }
}

// The kinds of events that carry sealed details; "*" stands for all.
constexpr std::array<std::string_view, 10> kSealedKinds = {"*", "web.blocked", "web.bypass", "media.kept-out", "media.read-only", "media.warned",
                                                          "help.worried", "help.unblock", "program.denied", "program.recorded"};

bool is_event_kind(std::string_view text) {
  return text == "*" || (!text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '_';
         }));
}

// What a child tells the safeguarding lead must reach one, and had better reach nobody else.
void check_readers_of_worries(const Section& recipients, const std::vector<std::string>& kinds) {
  constexpr std::string_view kKey = "help.worried";
  const TomlValue& at = *recipients.table().find(kKey);
  if (std::find(kinds.begin(), kinds.end(), "safeguarding") == kinds.end()) {
    recipients.error(kKey, at, "must name \"safeguarding\": this is what somebody tells the safeguarding lead");
  }
  if (std::find(kinds.begin(), kinds.end(), "technician") != kinds.end()) {
    recipients.warn(kKey, at, "technicians will read what children tell the safeguarding lead");
  }
}

std::map<std::string, std::vector<std::string>, std::less<>> read_recipients(const Section& root) {
  std::map<std::string, std::vector<std::string>, std::less<>> out;
  const auto recipients = root.section("recipients");
  if (!recipients || !recipients->has("*")) {
    if (recipients || !root.has("recipients")) {
      root.error_here("recipients",
                      "missing: expected [recipients] with \"*\" = [\"safeguarding\", ...], "
                      "or nobody can read what is recorded");
    }
  }
  if (!recipients) return out;
  for (const TomlMember& member : recipients->table().members) {
    if (!is_event_kind(member.key)) {
      recipients->error(member.key, member.value, "expected \"*\" or a kind of event such as \"web.blocked\"");
    } else if (std::find(kSealedKinds.begin(), kSealedKinds.end(), member.key) == kSealedKinds.end()) {
      // No error: a newer Caretaker may know more of them.
      recipients->warn(member.key, member.value, "no event of this kind has details" + suggest(member.key, kSealedKinds));
    }
    std::vector<std::string>& kinds = out[member.key];
    for (const TomlValue* value : recipients->texts(member.key)) {
      const auto kind = recipients->chosen<std::string_view>(*value, member.key, kRecipientWords);
      if (kind && std::find(kinds.begin(), kinds.end(), *kind) == kinds.end()) kinds.emplace_back(*kind);
    }
    const bool who_and_what = member.key == "*" || member.key == "web.blocked";
    if (who_and_what && std::find(kinds.begin(), kinds.end(), "technician") != kinds.end()) {
      recipients->warn(member.key, member.value,
                       "every technician can read which pupil asked for what; \"safeguarding\" alone keeps it with those who have to know");
    }
    if (member.value.kind == TomlValue::Kind::kArray && member.value.items.empty()) {
      recipients->error(member.key, member.value, "expected at least one of those who may read it");
    }
    if (member.key == "help.worried") check_readers_of_worries(*recipients, kinds);
  }
  return out;
}

void read_events(const Section& root, Policy& policy) {
  const auto events = root.section("events");
  if (!events) return;
  events->allow_only(kEventKeys);
  const auto quota = events->whole_number("quota_mib");
  if (!quota) return;
  if (*quota < kMinQuotaMib || *quota > kMaxQuotaMib) {
    events->error("quota_mib", *events->table().find("quota_mib"), "expected 16 to 4096 (MiB of disk)");
    return;
  }
  policy.event_quota_bytes = *quota << 20;
}

}  // namespace

ParsedPolicy parse_policy(std::string_view toml, Strictness strictness) {
  ParsedPolicy out;
  const TomlDocument document = parse_toml(toml);
  if (document.error) {
    out.diagnostics.push_back(*document.error);
    return out;
  }
  PolicyReport report{strictness, {}};
  const Section root(document.root, "", report);
  root.allow_only(kTopKeys);
  out.policy.school = read_school(root);
  out.policy.groups = read_groups(root);
  read_dns(root, out.policy);
  check_group_zones(root, out.policy);
  check_shared_os_groups(root, out.policy);
  out.policy.allowed_media = read_allowed_media(root);
  out.policy.inspection = read_inspection(root);
  out.policy.recipients = read_recipients(root);
  read_events(root, out.policy);
  out.policy.notice = read_notice(root);
  out.policy.lost = read_lost_words(root);
  out.policy.suspended = read_suspensions(root);
  out.policy.exceptions = read_exceptions(root);
  out.policy.network = read_network(root);
  out.diagnostics = std::move(report.diagnostics);
  std::stable_sort(out.diagnostics.begin(), out.diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return out;
}

}  // namespace caretaker::policy
