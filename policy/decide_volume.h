// The one decision about a removable volume. Pure; any thread.
#pragma once

#include <string_view>

#include "platform/base/volume_facts.h"
#include "policy/policy.h"

namespace caretaker::policy {

// What a user gets of a volume; from the loosest to the strictest.
enum class Access { kAllow, kWarn, kReadOnly, kKeepOut };  // warn: allowed, recorded, and the user is told
[[nodiscard]] std::string_view access_name(Access access);

// Why; the same stable string stands in the event, in `caretaker status` and in the console.
enum class MediaReason {
  kEncrypted,       // "encrypted"
  kAllowListed,     // "allow-listed"          the policy names the thing: a hardware-encrypted stick, say
  kAllowListedDisc, // "allow-listed-disc"     its disc with the maker's program: read-only
  kNotEncrypted,    // "not-encrypted"
  kPartly,          // "partly-encrypted"
  kSuspended,       // "protection-suspended"
  kUnknown,         // "unknown"
  kPhone,           // "phone"                 storage of a phone or camera, which is not encrypted towards us
  kNoPolicy,        // "no-policy"             nothing verified is loaded: kept out
};
[[nodiscard]] std::string_view media_reason_name(MediaReason reason);

struct VolumeDecision {
  Access access = Access::kKeepOut;
  MediaReason reason = MediaReason::kNoPolicy;
  bool operator==(const VolumeDecision&) const = default;
};

// Order: the allow-list; encrypted is allowed; all else, whatever the doubt, is what the group may do with volumes that are not
// encrypted. A phone can be kept out or let in, but not made read-only: there read-only keeps it out.
[[nodiscard]] VolumeDecision decide_volume(const Policy& policy, const Group& group, const VolumeFacts& facts);

// Several people are logged in: of two decisions about the same volume the stricter.
[[nodiscard]] const VolumeDecision& stricter(const VolumeDecision& a, const VolumeDecision& b);

// What the user is told: what happened and what to do; one sentence. Empty where there is nothing to tell.
[[nodiscard]] std::string_view media_notice(const VolumeDecision& decision);

}  // namespace caretaker::policy
