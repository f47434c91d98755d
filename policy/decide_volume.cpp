#include "policy/decide_volume.h"

#include <algorithm>

namespace caretaker::policy {
namespace {

bool is_listed(const AllowedMedium& allowed, const VolumeFacts& facts) {
  return (allowed.usb.empty() || allowed.usb == facts.identity.usb) &&
         (allowed.serial.empty() || allowed.serial == facts.identity.serial) &&
         (allowed.volume.empty() || allowed.volume == facts.content.volume_id);
}

Access access_of(PlainMedia setting, Medium medium) {
  switch (setting) {
    case PlainMedia::kWarn: return Access::kWarn;
    case PlainMedia::kReadOnly: return medium == Medium::kPhone ? Access::kKeepOut : Access::kReadOnly;
    case PlainMedia::kKeepOut: return Access::kKeepOut;
  }
  return Access::kKeepOut;
}

MediaReason reason_of(const VolumeFacts& facts) {
  if (facts.identity.medium == Medium::kPhone) return MediaReason::kPhone;
  switch (facts.content.encryption) {
    case Encryption::kEncrypted: return MediaReason::kEncrypted;
    case Encryption::kPartly: return MediaReason::kPartly;
    case Encryption::kSuspended: return MediaReason::kSuspended;
    case Encryption::kNotEncrypted: return MediaReason::kNotEncrypted;
    case Encryption::kUnknown: return MediaReason::kUnknown;
  }
  return MediaReason::kUnknown;
}

}  // namespace

std::string_view access_name(Access access) {
  switch (access) {
    case Access::kAllow: return "allow";
    case Access::kWarn: return "warn";
    case Access::kReadOnly: return "read-only";
    case Access::kKeepOut: return "keep-out";
  }
  return "keep-out";
}

std::string_view media_reason_name(MediaReason reason) {
  switch (reason) {
    case MediaReason::kEncrypted: return "encrypted";
    case MediaReason::kAllowListed: return "allow-listed";
    case MediaReason::kAllowListedDisc: return "allow-listed-disc";
    case MediaReason::kNotEncrypted: return "not-encrypted";
    case MediaReason::kPartly: return "partly-encrypted";
    case MediaReason::kSuspended: return "protection-suspended";
    case MediaReason::kUnknown: return "unknown";
    case MediaReason::kPhone: return "phone";
    case MediaReason::kNoPolicy: return "no-policy";
  }
  return "no-policy";
}

VolumeDecision decide_volume(const Policy& policy, const Group& group, const VolumeFacts& facts) {
  const auto listed = [&](const AllowedMedium& allowed) { return is_listed(allowed, facts); };
  if (std::ranges::any_of(policy.allowed_media, listed)) {
    const bool disc = facts.identity.medium == Medium::kOptical;
    return disc ? VolumeDecision{Access::kReadOnly, MediaReason::kAllowListedDisc}
                : VolumeDecision{Access::kAllow, MediaReason::kAllowListed};
  }
  const MediaReason reason = reason_of(facts);
  if (reason == MediaReason::kEncrypted) return {Access::kAllow, reason};
  return {access_of(group.plain_media, facts.identity.medium), reason};
}

const VolumeDecision& stricter(const VolumeDecision& a, const VolumeDecision& b) { return b.access > a.access ? b : a; }

std::string_view media_notice(const VolumeDecision& decision) {
  const bool listed = decision.reason == MediaReason::kAllowListedDisc;
  const bool in_doubt = decision.reason == MediaReason::kUnknown || decision.reason == MediaReason::kPhone;
  switch (decision.access) {
    case Access::kAllow: return "";
    case Access::kWarn:
      return in_doubt ? "This drive is not known to be encrypted: keep no school work on it, and ask the school for an encrypted one."
                      : "This drive is not encrypted: keep no school work on it, and ask the school for an encrypted one.";
    case Access::kReadOnly:
      if (listed) return "";
      return in_doubt ? "This drive is not known to be encrypted, so you can read it but not write to it: ask the school for an encrypted one."
                      : "This drive is not encrypted, so you can read it but not write to it: ask the school for an encrypted one.";
    case Access::kKeepOut: break;
  }
  switch (decision.reason) {
    case MediaReason::kUnknown: return "This drive is not known to be encrypted, so it was kept out: use an encrypted one, or ask a member of staff.";
    case MediaReason::kPhone: return "Phones and cameras cannot be read on this device: send the files another way, or ask a member of staff.";
    case MediaReason::kSuspended:
      return "The protection of this drive is suspended, so it was kept out: switch BitLocker on again and plug it in once more.";
    case MediaReason::kPartly: return "This drive is not yet encrypted to the end, so it was kept out: finish that and plug it in once more.";
    case MediaReason::kNoPolicy: return "This device has no rules from the school yet, so the drive was kept out: ask the technician.";
    default: return "This drive is not encrypted, so it was kept out: use an encrypted one, or ask a member of staff.";
  }
}

}  // namespace caretaker::policy
