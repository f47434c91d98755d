// A school's policy as rules see it, and the one parser of the TOML that a technician writes. Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.h"
#include "policy/exception_rules.h"
#include "policy/inspection_rules.h"
#include "policy/network_rules.h"
#include "policy/session_rules.h"

namespace caretaker::policy {

enum class YouTube { kOff, kModerate, kStrict, kBlocked };          // off: not restricted
enum class BlockAnswer { kNxdomain, kAddress };                     // address: block_address_v4/v6 of the policy
enum class PlainMedia { kWarn, kReadOnly, kKeepOut };               // what becomes of volumes that are not encrypted
enum class Downloads { kAllow, kRecord, kDeny };                    // programs that a user could have brought
enum class Bypass { kDnsOverHttps, kVpn, kProxy, kPrivateRelay };   // kinds of ways round the filter

using NameSet = std::set<std::string, std::less<>>;  // asked with views, without a copy

// What one group of users may do.
struct Group {
  std::string name;
  NameSet users;      // operating-system user names that belong to it
  NameSet os_groups;  // operating-system groups that belong to it
  bool is_default = false;          // for everybody who matches no other; exactly one group
  NameSet blocked_categories;
  NameSet allowed_names;  // own exceptions: name and everything under it; never beats the locked class
  NameSet denied_names;
  bool safe_search = true;
  YouTube youtube = YouTube::kStrict;
  std::set<Bypass> blocked_bypass;
  PlainMedia plain_media = PlainMedia::kKeepOut;
  Downloads downloads = Downloads::kDeny;
  std::optional<NameSet> forwarded_zones;  // of the policy's zones those that this group may ask; nullopt: all of them
  IdleLock idle_lock;
  std::optional<PowerOff> power_off;  // nullopt: machines stay on
  IfFilterFails if_filter_fails = IfFilterFails::kClosed;
};

// "internal.school.example" -> ask these servers instead; never filtered by category, still by the locked class.
struct ForwardedZone {
  std::string zone;
  std::vector<std::string> servers;  // address, optionally with :port or [v6]:port
};

// Removable media that count as encrypted: all that is named must match. Everything in lower case but the serial.
struct AllowedMedium {
  std::string usb;     // "0951:1666"
  std::string serial;  // only beside usb
  std::string volume;  // a volume's id
  bool operator==(const AllowedMedium&) const = default;
};

// What users are told beside what every device says by itself. Each may be empty.
struct Notice {
  std::string text;       // from the school to everybody; may have several lines
  std::string contact;    // whom to talk to, one line
  std::string hide_page;  // address of what takes the place of a hidden page
  bool operator==(const Notice&) const = default;
};

// What a lost device shows where the order that locked it says nothing. Each may be empty.
struct LostWords {
  std::string message;    // one line
  std::string telephone;  // one line
  bool operator==(const LostWords&) const = default;
};

struct Policy {
  std::string school;
  std::vector<Group> groups;  // in the order of the file: the first that matches a user counts; users beat os_groups
  std::vector<std::string> upstreams;  // empty: the system's own resolvers
  std::vector<ForwardedZone> forwarded_zones;
  std::vector<AllowedMedium> allowed_media;
  InspectionRules inspection;
  BlockAnswer block_answer = BlockAnswer::kNxdomain;
  std::string block_address_v4;
  std::string block_address_v6;
  std::map<std::string, std::vector<std::string>, std::less<>> recipients;  // event kind or "*" -> recipient kinds ("safeguarding", ...)
  Suspensions suspended;
  std::optional<ExceptionRules> exceptions;  // nullopt: teachers may open nothing
  Notice notice;
  LostWords lost;
  NetworkRules network;
  std::int64_t event_quota_bytes = 256ll << 20;
};

// Where something stands in the file and what is wrong there.
struct Diagnostic {
  enum class Level { kError, kWarning };
  Level level = Level::kError;
  int line = 0;    // from 1; 0: the file as a whole
  int column = 0;
  std::string field;     // "groups.pupils.youtube"
  std::string message;   // what was expected, and a suggestion where there is one
};

enum class Strictness {
  kTechnician,  // unknown keys are errors with a suggestion
  kDevice,      // unknown keys are ignored: an older agent takes a newer policy
};

struct ParsedPolicy {
  Policy policy;
  std::vector<Diagnostic> diagnostics;  // any error among them: `policy` must not be used
  [[nodiscard]] bool usable() const;
};
// Never fails as a call: what is wrong is in the diagnostics. max 1 MiB of text.
[[nodiscard]] ParsedPolicy parse_policy(std::string_view toml, Strictness strictness);

// Recipient kinds for a kind of event: its own line, else that of "*"; of what people say themselves the leads, and what they
// ask for the technicians too: the line "*" was written about what is recorded of them.
[[nodiscard]] const std::vector<std::string>& recipients_for(const Policy& policy, std::string_view event_kind);

// Whether the group's questions about the zone go to the zone's own servers.
[[nodiscard]] inline bool may_ask(const Group& group, const ForwardedZone& zone) {
  return !group.forwarded_zones || group.forwarded_zones->contains(zone.zone);
}

// Which group somebody belongs to: the first by user name, else the first by OS group, else the default one.
[[nodiscard]] const Group& group_of(const Policy& policy, std::string_view user, const std::vector<std::string>& os_groups);

// Until when the user may not log in; nullopt: may.
[[nodiscard]] std::optional<UnixSeconds> suspended_until(const Policy& policy, std::string_view user, UnixSeconds now);

}  // namespace caretaker::policy
