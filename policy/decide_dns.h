// The one decision about a name. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/policy.h"
#include "policy/set_file.h"

namespace caretaker::policy {

enum class Verdict {
  kAllow,
  kBlock,
  kRewrite,  // safe search: answer with `target` instead
  kForward,  // a zone of the school's own: ask `servers` of it
};

// Why; the same stable string stands in the event, in `caretaker why` and in the console.
enum class Reason {
  kNotListed,        // "not-listed"
  kAllowedByGroup,   // "allowed-by-group"
  kForwardedZone,    // "forwarded-zone"
  kLocalName,        // "local-name"          .local, ipv4only.arpa, reverse zones of private addresses
  kLockedClass,      // "locked-class"
  kListsDamaged,     // "lists-damaged"       the lists cannot be read where this name would stand: no violation
  kDeniedByGroup,    // "denied-by-group"
  kCategory,         // "category"
  kSafeSearch,       // "safe-search"
  kNoSafeSearch,     // "search-engine-without-safe-search"
  kYouTubeRestricted,// "youtube-restricted"
  kYouTubeBlocked,   // "youtube-blocked"
  kBypassDoh,        // "bypass-dns-over-https"
  kBypassRelay,      // "bypass-private-relay"
  kBypassVpn,        // "bypass-vpn"
  kBypassProxy,      // "bypass-proxy"
  kCanary,           // "canary"              use-application-dns.net, _dns.resolver.arpa: answered, no violation
  kException,        // "exception"           a teacher has opened it for a lesson (policy/exceptions.h)
  kNoPolicy,         // "no-policy"           nothing verified is loaded: nothing is answered
  kNoReadableName,   // "no-readable-name"    of a connection: it shows none, or hides it
  kPortal,           // "portal"              the login page of the network at hand, open for minutes (policy/portal.h)
};
inline constexpr Reason kLastReason = Reason::kPortal;
[[nodiscard]] std::string_view reason_name(Reason reason);

struct DnsDecision {
  Verdict verdict = Verdict::kBlock;
  Reason reason = Reason::kNoPolicy;
  std::string category;   // of kCategory and kLockedClass; of kPortal what it would be blocked for
  std::string rule;       // the name of the rule that matched ("example.com" for a.example.com), "" if none
  std::string target;     // of kRewrite
  const ForwardedZone* zone = nullptr;  // of kForward; lives as long as the policy
  bool is_violation = false;  // to be recorded
};

// `name` is normalised. Order: locked class; canaries; own deny; lists that are damaged there; forwarded zones and local names; safe search and YouTube's
// restricted level; own allow; bypass; engines and YouTube where they are blocked; category; else allowed. The most specific own
// rule wins between allow and deny; on a tie deny. An own allow opens what would be blocked, but leaves safe search in place:
// whoever allows "google.com" because a list has it by mistake has not meant to switch that off.
[[nodiscard]] DnsDecision decide_dns(const Policy& policy, const Group& group, const SetView& set, std::string_view name);

// A name that a CNAME in the answer leads to (cloaking): never rewritten or forwarded. What `question` decided for the name that
// was asked covers its targets where it was an own allow, a forwarded zone or a rewrite: these stay under the locked class alone.
[[nodiscard]] DnsDecision decide_cname_target(const DnsDecision& question, const Group& group, const SetView& set,
                                              std::string_view target);

// Programs take only "no such name" for an answer to these; an address, even 0.0.0.0, would leave their bypass on.
[[nodiscard]] bool needs_nxdomain(Reason reason);

// Nobody knows who asked and several people are logged in: of two decisions the stricter. Of the same name.
[[nodiscard]] const DnsDecision& stricter(const DnsDecision& a, const DnsDecision& b);

}  // namespace caretaker::policy
