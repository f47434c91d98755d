#include "policy/decide_dns.h"

#include <bit>
#include <optional>

#include "policy/bypass.h"
#include "policy/domain_name.h"
#include "policy/local_names.h"
#include "policy/safe_search.h"

namespace caretaker::policy {
namespace {

// What the lists say about a name: one walk over its suffixes, one probe each.
struct Listed {
  const Category* locked = nullptr;
  const Category* blocked = nullptr;  // the most specific one that the group may not open
  std::string_view rule;              // of whichever is set, locked first
  std::string_view unreadable;        // nobody knows what the lists say about this one
};

const Category* first_of(const SetView& set, std::uint64_t bits) {
  const auto number = static_cast<std::size_t>(std::countr_zero(bits));
  return number < set.categories().size() ? &set.categories()[number] : nullptr;
}

const Category* first_blocked(const Group& group, const SetView& set, std::uint64_t bits) {
  for (; bits != 0; bits &= bits - 1) {
    const Category* category = first_of(set, bits);
    if (category != nullptr && group.blocked_categories.contains(category->name)) return category;
  }
  return nullptr;
}

Listed find_listed(const Group& group, const SetView& set, std::string_view name) {
  Listed out;
  for_each_suffix(name, [&](std::string_view suffix) {
    const auto listed = set.categories_of(suffix);
    // A public suffix stands in no list, and a whole top-level domain must not depend on one part of the disk.
    if (!listed && !is_public_suffix(suffix)) out.unreadable = suffix;
    const std::uint64_t bits = listed.value_or(0);
    if (bits == 0) return true;
    if (const std::uint64_t locked = bits & set.locked_mask(); locked != 0) {
      out.locked = first_of(set, locked);
      out.rule = suffix;
      return false;
    }
    if (out.blocked == nullptr) {
      out.blocked = first_blocked(group, set, bits);
      if (out.blocked != nullptr) out.rule = suffix;
    }
    return true;
  });
  return out;
}

DnsDecision block(Reason reason, std::string_view rule, std::string_view category = {}) {
  DnsDecision out;
  out.verdict = Verdict::kBlock;
  out.reason = reason;
  out.rule = rule;
  out.category = category;
  out.is_violation = reason != Reason::kCanary && reason != Reason::kListsDamaged;
  return out;
}

DnsDecision allow(Reason reason, std::string_view rule = {}) {
  DnsDecision out;
  out.verdict = Verdict::kAllow;
  out.reason = reason;
  out.rule = rule;
  return out;
}

DnsDecision rewrite(Reason reason, std::string_view rule, std::string_view target) {
  DnsDecision out = allow(reason, rule);
  out.verdict = Verdict::kRewrite;
  out.target = target;
  return out;
}

struct OwnRule {
  bool denies = false;
  std::string_view name;
};

std::optional<OwnRule> find_own_rule(const Group& group, std::string_view name) {
  std::optional<OwnRule> out;
  if (group.allowed_names.empty() && group.denied_names.empty()) return out;
  for_each_suffix(name, [&](std::string_view suffix) {
    if (group.denied_names.contains(suffix)) {
      out = OwnRule{true, suffix};
    } else if (group.allowed_names.contains(suffix)) {
      out = OwnRule{false, suffix};
    }
    return !out;
  });
  return out;
}

const ForwardedZone* find_zone(const Policy& policy, const Group& group, std::string_view name) {
  const ForwardedZone* best = nullptr;
  for (const ForwardedZone& zone : policy.forwarded_zones) {
    if (!name.ends_with(zone.zone) || !may_ask(group, zone)) continue;
    const bool is_inside = name.size() == zone.zone.size() || name[name.size() - zone.zone.size() - 1] == '.';
    if (is_inside && (best == nullptr || zone.zone.size() > best->zone.size())) best = &zone;
  }
  return best;
}

// Where the group may go there only by the safe twin.
std::optional<DnsDecision> find_rewrite(const Group& group, const std::optional<SearchMatch>& search, bool is_allowed) {
  if (!search) return std::nullopt;
  if (search->kind == SearchMatch::Kind::kSafeTwin && group.safe_search) {
    return rewrite(Reason::kSafeSearch, search->rule, search->safe_target);
  }
  if (search->kind != SearchMatch::Kind::kYouTube || !search->has_restricted || group.youtube == YouTube::kOff)
    return std::nullopt;
  if (group.youtube == YouTube::kBlocked && !is_allowed) return std::nullopt;
  return rewrite(Reason::kYouTubeRestricted, search->rule, youtube_target(group.youtube));
}

Reason reason_of(Bypass kind) {
  switch (kind) {
    case Bypass::kDnsOverHttps: return Reason::kBypassDoh;
    case Bypass::kVpn: return Reason::kBypassVpn;
    case Bypass::kProxy: return Reason::kBypassProxy;
    case Bypass::kPrivateRelay: return Reason::kBypassRelay;
  }
  return Reason::kBypassProxy;
}

// What is closed to the group unless a rule of its own opens it.
DnsDecision decide_by_tables(const Group& group, const Listed& listed, const std::optional<SearchMatch>& search,
                             std::string_view name) {
  if (const auto bypass = find_bypass(name); bypass && group.blocked_bypass.contains(bypass->kind)) {
    return block(reason_of(bypass->kind), bypass->rule);
  }
  if (search && search->kind == SearchMatch::Kind::kNoSafeMode && group.safe_search) {
    return block(Reason::kNoSafeSearch, search->rule);
  }
  if (search && search->kind == SearchMatch::Kind::kYouTube && group.youtube == YouTube::kBlocked) {
    return block(Reason::kYouTubeBlocked, search->rule);
  }
  if (listed.blocked != nullptr) return block(Reason::kCategory, listed.rule, listed.blocked->name);
  return allow(Reason::kNotListed);
}

// More is stricter. A canary says less than a block that is recorded; of two rewrites only YouTube's moderate one gives
// way.
int strictness_of(const DnsDecision& decision) {
  switch (decision.verdict) {
    case Verdict::kBlock: return decision.reason == Reason::kLockedClass ? 6 : decision.is_violation ? 5 : 4;
    case Verdict::kRewrite: return decision.target == youtube_target(YouTube::kModerate) ? 2 : 3;
    case Verdict::kForward: return 0;
    case Verdict::kAllow: return decision.reason == Reason::kPortal && !decision.category.empty() ? 1 : 0;
  }
  return 0;
}

}  // namespace

std::string_view reason_name(Reason reason) {
  switch (reason) {
    case Reason::kNotListed: return "not-listed";
    case Reason::kAllowedByGroup: return "allowed-by-group";
    case Reason::kForwardedZone: return "forwarded-zone";
    case Reason::kLocalName: return "local-name";
    case Reason::kLockedClass: return "locked-class";
    case Reason::kListsDamaged: return "lists-damaged";
    case Reason::kDeniedByGroup: return "denied-by-group";
    case Reason::kCategory: return "category";
    case Reason::kSafeSearch: return "safe-search";
    case Reason::kNoSafeSearch: return "search-engine-without-safe-search";
    case Reason::kYouTubeRestricted: return "youtube-restricted";
    case Reason::kYouTubeBlocked: return "youtube-blocked";
    case Reason::kBypassDoh: return "bypass-dns-over-https";
    case Reason::kBypassRelay: return "bypass-private-relay";
    case Reason::kBypassVpn: return "bypass-vpn";
    case Reason::kBypassProxy: return "bypass-proxy";
    case Reason::kCanary: return "canary";
    case Reason::kException: return "exception";
    case Reason::kNoPolicy: return "no-policy";
    case Reason::kNoReadableName: return "no-readable-name";
    case Reason::kPortal: return "portal";
  }
  return "no-policy";
}

DnsDecision decide_dns(const Policy& policy, const Group& group, const SetView& set, std::string_view name) {
  const Listed listed = find_listed(group, set, name);
  if (listed.locked != nullptr) return block(Reason::kLockedClass, listed.rule, listed.locked->name);
  if (const auto canary = find_canary(name); !canary.empty()) return block(Reason::kCanary, canary);
  const auto own = find_own_rule(group, name);
  if (own && own->denies) return block(Reason::kDeniedByGroup, own->name);
  if (!listed.unreadable.empty()) return block(Reason::kListsDamaged, listed.unreadable);
  if (const ForwardedZone* zone = find_zone(policy, group, name)) {
    DnsDecision out = allow(Reason::kForwardedZone, zone->zone);
    out.verdict = Verdict::kForward;
    out.zone = zone;
    return out;
  }
  if (const auto zone = find_local_zone(name); !zone.empty()) return allow(Reason::kLocalName, zone);
  const auto search = find_search(name);
  if (auto safe = find_rewrite(group, search, own.has_value())) return *std::move(safe);
  if (own) return allow(Reason::kAllowedByGroup, own->name);
  return decide_by_tables(group, listed, search, name);
}

DnsDecision decide_cname_target(const DnsDecision& question, const Group& group, const SetView& set,
                                std::string_view target) {
  const Listed listed = find_listed(group, set, target);
  if (listed.locked != nullptr) return block(Reason::kLockedClass, listed.rule, listed.locked->name);
  if (question.verdict == Verdict::kBlock) return question;
  if (!listed.unreadable.empty()) return block(Reason::kListsDamaged, listed.unreadable);
  if (question.reason != Reason::kNotListed) return allow(question.reason, question.rule);
  if (const auto own = find_own_rule(group, target)) {
    return own->denies ? block(Reason::kDeniedByGroup, own->name) : allow(Reason::kAllowedByGroup, own->name);
  }
  return decide_by_tables(group, listed, find_search(target), target);
}

bool needs_nxdomain(Reason reason) {
  return reason == Reason::kCanary || reason == Reason::kBypassRelay || reason == Reason::kBypassDoh;
}

const DnsDecision& stricter(const DnsDecision& a, const DnsDecision& b) {
  return strictness_of(b) > strictness_of(a) ? b : a;
}

}  // namespace caretaker::policy
