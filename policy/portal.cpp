#include "policy/portal.h"

#include <algorithm>
#include <array>

#include "policy/address.h"
#include "policy/domain_name.h"

namespace caretaker::policy {
namespace {

constexpr std::int64_t kReachedMs = 90'000;  // a check-in that is hurried comes once a minute
constexpr std::array<std::uint8_t, 4> kControllers = {192, 0, 2, 1};

// The bytes of an address that is written out; empty when it is none that we can read.
std::vector<std::uint8_t> bytes_of_ipv4(std::string_view text) {
  std::vector<std::uint8_t> out(1);
  for (const char c : text) {
    if (c == '.') out.push_back(0);
    else out.back() = static_cast<std::uint8_t>(out.back() * 10 + (c - '0'));
  }
  return out;
}

// Of an IPv6 address its first group says enough.
std::uint32_t first_group(std::string_view text) {
  std::uint32_t out = 0;
  for (const char c : text.substr(0, text.find(':'))) {
    out = out * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return out;
}

bool is_near_literal(std::string_view host) {
  if (is_ipv4(host)) return is_near_address(bytes_of_ipv4(host));
  std::array<std::uint8_t, 16> address{};
  const std::uint32_t group = first_group(host);
  address[0] = static_cast<std::uint8_t>(group >> 8);
  address[1] = static_cast<std::uint8_t>(group);
  return is_near_address(address);
}

// Whether opening this name changes anything for anybody, and may.
PortalVerdict judge_name(const Policy& policy, const SetView& set, std::string_view name) {
  bool needed = false;
  bool reachable = false;
  for (const Group& group : policy.groups) {
    const DnsDecision decision = decide_dns(policy, group, set, name);
    const bool is_blocked = decision.verdict == Verdict::kBlock;
    if (is_blocked && decision.reason == Reason::kDeniedByGroup) continue;
    if ((is_blocked && decision.reason != Reason::kCategory) || decision.verdict == Verdict::kRewrite) return PortalVerdict::kClosed;
    reachable = true;
    needed = needed || is_blocked || (decision.reason == Reason::kNotListed && !policy.upstreams.empty());
  }
  if (!reachable) return PortalVerdict::kClosed;
  return needed ? PortalVerdict::kOpen : PortalVerdict::kNoNeed;
}

std::size_t began_since(std::span<const PortalOpening> openings, std::int64_t since) {
  return static_cast<std::size_t>(std::ranges::count_if(openings, [since](const PortalOpening& one) { return one.began_ms > since; }));
}

PortalVerdict judge_rate(const PortalFacts& facts, std::string_view name) {
  for (const PortalOpening& opening : facts.before) {
    if (opening.ends_ms > facts.now_ms) return opening.name == name ? PortalVerdict::kAlready : PortalVerdict::kBusy;
  }
  const bool too_often = began_since(facts.before, facts.now_ms - kPortalHourMs) >= kPortalsAnHour ||
                         began_since(facts.before, facts.now_ms - kPortalDayMs) >= kPortalsADay;
  return too_often ? PortalVerdict::kTooOften : PortalVerdict::kOpen;
}

}  // namespace

bool is_near_address(std::span<const std::uint8_t> a) {
  if (a.size() == 16) return (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
  if (a.size() != 4) return false;
  return a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254) ||
         std::ranges::equal(a, kControllers);
}

std::string_view portal_verdict_name(PortalVerdict verdict) {
  switch (verdict) {
    case PortalVerdict::kOpen: return "open";
    case PortalVerdict::kAlready: return "already";
    case PortalVerdict::kNoNeed: return "no-need";
    case PortalVerdict::kOff: return "off";
    case PortalVerdict::kNoName: return "no-name";
    case PortalVerdict::kFar: return "far-address";
    case PortalVerdict::kClosed: return "closed";
    case PortalVerdict::kServerReached: return "server-reached";
    case PortalVerdict::kBusy: return "busy";
    case PortalVerdict::kTooOften: return "too-often";
  }
  return "off";
}

PortalDecision decide_portal(const Policy& policy, const SetView& set, const PortalFacts& facts) {
  PortalDecision out;
  if (policy.network.portal_minutes <= 0) return out;
  if (is_ipv4(facts.host) || is_ipv6(facts.host)) {
    out.verdict = is_near_literal(facts.host) ? PortalVerdict::kNoNeed : PortalVerdict::kFar;
    return out;
  }
  const auto name = normalise_name(facts.host);
  // "1.2.3.400" and "0x7f.1" are names to nobody, and addresses to some programs.
  const bool is_number = name && name->find_last_not_of("0123456789") == name->rfind('.');
  out.verdict = name && !is_number ? judge_name(policy, set, *name) : PortalVerdict::kNoName;
  if (out.verdict != PortalVerdict::kOpen) return out;
  if (facts.now_ms - facts.server_reached_ms < kReachedMs) out.verdict = PortalVerdict::kServerReached;
  else out.verdict = judge_rate(facts, *name);
  out.name = *name;
  if (out.verdict == PortalVerdict::kOpen) out.ms = policy.network.portal_minutes * 60'000;
  return out;
}

DnsDecision with_portal(DnsDecision decision, std::string_view portal, std::string_view name) {
  if (portal.empty() || name != portal) return decision;
  const bool is_closed = decision.verdict == Verdict::kBlock && decision.reason == Reason::kCategory;
  const bool is_plain = decision.verdict == Verdict::kAllow && decision.reason == Reason::kNotListed;
  if (!is_closed && !is_plain) return decision;
  decision.verdict = Verdict::kAllow;
  decision.reason = Reason::kPortal;
  decision.is_violation = false;
  return decision;
}

bool is_near_only(const DnsDecision& decision) { return decision.reason == Reason::kPortal && !decision.category.empty(); }

DnsDecision without_portal(DnsDecision decision) {
  if (!is_near_only(decision)) return decision;
  decision.verdict = Verdict::kBlock;
  decision.reason = Reason::kCategory;
  decision.is_violation = true;
  return decision;
}

}  // namespace caretaker::policy
