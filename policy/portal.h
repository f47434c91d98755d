// A network that wants people to log in first (hotel, train, guest Wi-Fi): what of it may be opened, and what that changes about a
// name. Whoever runs the access point chooses the name, so he is taken for an adversary. Pure; any thread.
#pragma once

#include <span>

#include "policy/decide_dns.h"

namespace caretaker::policy {

// Private and link-local addresses, and the one that controllers of one large maker give their login page (192.0.2.1, which is
// nobody's on the internet). `address`: 4 or 16 bytes in network order.
[[nodiscard]] bool is_near_address(std::span<const std::uint8_t> address);

enum class PortalVerdict : std::uint8_t {
  kOpen = 0,
  kAlready,        // this name is open
  kNoNeed,         // nothing keeps people from it: not blocked, or an address of this network
  kOff,            // the policy opens none
  kNoName,         // neither a name nor an address
  kFar,            // an address that is not of this network
  kClosed,         // the locked class, a way round the filter, a search engine, or the school's own word against it
  kServerReached,  // the school's server was reached a moment ago: nothing stands between
  kBusy,           // another name is open
  kTooOften,       // as many as may be within an hour, or a day
};
inline constexpr PortalVerdict kLastPortalVerdict = PortalVerdict::kTooOften;
[[nodiscard]] std::string_view portal_verdict_name(PortalVerdict verdict);  // stable

inline constexpr std::int64_t kPortalHourMs = 3'600'000;
inline constexpr std::int64_t kPortalDayMs = 24 * kPortalHourMs;
inline constexpr std::size_t kPortalsAnHour = 3;
inline constexpr std::size_t kPortalsADay = 8;

struct PortalOpening {
  std::string name;
  std::int64_t began_ms = 0;  // by a clock that nobody sets
  std::int64_t ends_ms = 0;
};
struct PortalFacts {
  std::string_view host;  // as the network gave it
  std::int64_t now_ms = 0;
  std::span<const PortalOpening> before;             // of the last day, in order
  std::int64_t server_reached_ms = INT64_MIN / 2;    // when the school's server was last heard, verified
};
struct PortalDecision {
  PortalVerdict verdict = PortalVerdict::kOff;
  std::string name;    // normalised; of kOpen and kAlready
  std::int64_t ms = 0; // of kOpen: how long
};
[[nodiscard]] PortalDecision decide_portal(const Policy& policy, const SetView& set, const PortalFacts& facts);

// What `portal` being open changes about the decision on `name`: exactly that name, where a category has closed it, is allowed
// to lead to an address of this network (is_near_only), and where nothing has, it is asked of this network's own resolver.
[[nodiscard]] DnsDecision with_portal(DnsDecision decision, std::string_view portal, std::string_view name);
[[nodiscard]] bool is_near_only(const DnsDecision& decision);
// What it was before: for one that leads elsewhere.
[[nodiscard]] DnsDecision without_portal(DnsDecision decision);

}  // namespace caretaker::policy
