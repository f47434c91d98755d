#include "agent/guard/media.h"

#include <algorithm>

#include "platform/base/log.h"

namespace caretaker::agent {
namespace {

using platform::VolumeAccess;
using policy::Access;

constexpr std::size_t kMaxAttached = 256;
constexpr std::size_t kMaxUnstored = 256;
constexpr MonotonicMs kWindowMs = 3'600'000;
constexpr int kMaxPerWindow = 120;
constexpr std::string_view kPartitions = "partitions";  // a disk that has them
constexpr MonotonicMs kSameSentenceMs = 10'000;  // each partition of one stick would say it again

VolumeAccess access_for(Access access) {
  switch (access) {
    case Access::kAllow:
    case Access::kWarn: return VolumeAccess::kWhole;
    case Access::kReadOnly: return VolumeAccess::kReadOnly;
    case Access::kKeepOut: return VolumeAccess::kNone;
  }
  return VolumeAccess::kNone;
}

// The kernel takes write protection of a disk for that of each partition, of which each has a verdict of its own. The disk's own node is root's.
VolumeAccess access_to(const AttachedVolume& attached, Access access) {
  const VolumeAccess wanted = access_for(access);
  return attached.content.kind == kPartitions && wanted == VolumeAccess::kReadOnly ? VolumeAccess::kNone : wanted;
}

std::string_view kind_of(Access access) {
  return access == Access::kWarn ? "media.warned" : access == Access::kReadOnly ? "media.read-only" : "media.kept-out";
}

void set_where_known(sync::Details& details, const std::string& field, std::string_view value) {
  if (!value.empty()) details.fields[field] = std::string(value);
}

}  // namespace

// The strictest of those who are there; without anybody, what the device itself may do.
Media::Verdict Media::decide(const AttachedVolume& attached) const {
  if (trust_.policy() == nullptr) return {};
  const policy::Policy& rules = trust_.policy()->rules;
  const VolumeFacts facts{attached.volume.identity, attached.content};
  std::optional<Verdict> strictest;
  for (const platform::User& user : present_()) {
    if (!user.is_person) continue;
    const policy::Group& group = policy::group_of(rules, user.name, user.groups);
    const Verdict verdict{policy::decide_volume(rules, group, facts), user.name, group.name};
    if (!strictest || policy::stricter(strictest->decision, verdict.decision) != strictest->decision) strictest = verdict;
  }
  if (strictest) return *strictest;
  const policy::Group& nobody = policy::group_of(rules, "", {});
  return {policy::decide_volume(rules, nobody, facts), "", nobody.name};
}

// What somebody has open or mounted does not notice a gate that closes: then the thing itself goes, or where nothing can take it away, the
// mounts. Whether nothing is there any more to be let through or kept.
bool Media::take_away(AttachedVolume& attached) {
  const Status cut = gate_->cut(attached.volume);
  if (cut) {
    attached.mounts.clear();
    return true;
  }
  if (attached.mounts.empty()) log_warning("media", "may still be in use: " + cut.error().message);
  for (const std::string& point : std::exchange(attached.mounts, {})) {
    if (const Status done = unmount_(point); !done) log_error("media", "stays mounted: " + done.error().message);
  }
  return false;
}

// Kept out, and mounted all the same: fstab lets users mount it, or it was mounted before the rules were there.
void Media::end_mounts(AttachedVolume& attached) {
  if (attached.mounts.empty() || attached.access != VolumeAccess::kNone) return;
  book_.note({"media.kept-out", "mounted", sync::Severity::kMedium});
  (void)take_away(attached);
}

// The kernel's write protection stops nobody who has it mounted for writing already, before it was judged.
Status Media::enforce(AttachedVolume& attached, VolumeAccess access) {
  const VolumeAccess before = std::exchange(attached.access, VolumeAccess::kNone);
  const bool may_be_written = access == VolumeAccess::kReadOnly && before == VolumeAccess::kNone && !attached.mounts.empty();
  if (access < before || may_be_written) {
    if (take_away(attached)) return ok();
  }
  if (access == VolumeAccess::kNone && before == VolumeAccess::kNone) return ok();  // kept out by the rules of udev already
  TRY_DONE(gate_->apply(attached.volume, access));
  attached.access = access;
  return ok();
}

void Media::judge(AttachedVolume& attached, bool is_new) {
  const Verdict verdict = decide(attached);
  const bool changed = verdict.decision != attached.decision;
  if (!is_new && !changed) return;
  attached.decision = verdict.decision;
  if (auto done = enforce(attached, access_to(attached, verdict.decision.access)); !done) {
    log_error("media", "a volume stays out: " + done.error().message);
  }
  if (changed) record(attached, verdict);
}

void Media::on_sighting(const Sighting& sighting) {
  const std::string& id = sighting.change.volume.id;
  if (sighting.change.what == platform::VolumeChange::What::kGone) {
    attached_.erase(id);
    return;
  }
  const bool is_mount = sighting.change.what == platform::VolumeChange::What::kMounted;
  const auto known = attached_.find(id);
  if (is_mount) {
    if (known == attached_.end()) return;  // its mounts come with what is found on it
    known->second.mounts = sighting.change.mounts;
    judge(known->second, false);  // whoever mounts it may have come this moment
    end_mounts(known->second);
    return;
  }
  if (known == attached_.end() && attached_.size() >= kMaxAttached) return;  // stays out
  const auto [place, is_first] = attached_.try_emplace(id);
  AttachedVolume& attached = place->second;
  const bool is_same_thing = attached.volume.identity == sighting.change.volume.identity;
  const bool same = !is_first && attached.content == sighting.content && is_same_thing;
  attached.volume = sighting.change.volume;
  attached.mounts = sighting.change.mounts;
  // Busy with a copy it is slow to read, and nothing says that it has become another: what is open goes on. udev's rules keep it from anybody
  // new until it has been read again.
  if (!is_first && is_same_thing && attached.access != VolumeAccess::kNone && sighting.content.reason == "gave-up") return;
  attached.content = sighting.content;
  attached.access = std::max(attached.access, attached.volume.access);  // let through before this guard was started
  if (!same) attached.decision = {};  // another stick in the same place is judged, and told of, anew
  if (is_first && trust_.policy() == nullptr) record(attached, {});
  judge(attached, true);
  end_mounts(attached);
}

void Media::tell(const policy::VolumeDecision& decision) {
  const std::string_view sentence = policy::media_notice(decision);
  const MonotonicMs now = clock_.monotonic_ms();
  const auto told = told_.find(sentence);
  if (sentence.empty() || (told != told_.end() && now - told->second < kSameSentenceMs)) return;
  told_[sentence] = now;
  tell_(std::string(sentence));
}

void Media::record(const AttachedVolume& attached, const Verdict& verdict) {
  const policy::VolumeDecision& decision = verdict.decision;
  const bool is_fine = decision.access == Access::kAllow || decision.reason == policy::MediaReason::kAllowListedDisc;
  if (is_fine || attached.content.kind == kPartitions) return;  // of a disk with partitions each of these tells
  if (clock_.monotonic_ms() >= window_ends_) {
    window_ends_ = clock_.monotonic_ms() + kWindowMs;
    in_window_ = 0;
  }
  if (++in_window_ > kMaxPerWindow || unstored_.size() >= kMaxUnstored) {
    book_.note({"events.dropped", "rate", sync::Severity::kMedium});
    return;
  }
  tell(decision);
  const std::string reason(policy::media_reason_name(decision.reason));
  sync::Details details;
  details.fields["attribution"] = verdict.user.empty() ? "device" : "user";
  set_where_known(details, "user", verdict.user);
  set_where_known(details, "group", verdict.user.empty() ? "" : verdict.group);
  set_where_known(details, "medium", medium_name(attached.volume.identity.medium));
  set_where_known(details, "usb", attached.volume.identity.usb);
  set_where_known(details, "serial", attached.volume.identity.serial);
  set_where_known(details, "volume", attached.content.volume_id);
  set_where_known(details, "kind", attached.content.kind);
  set_where_known(details, "found", attached.content.reason);
  details.fields["reason"] = reason;
  const auto severity = decision.access == Access::kWarn ? sync::Severity::kMedium : sync::Severity::kLow;
  unstored_.push_back({{std::string(kind_of(decision.access)), reason, severity, std::move(details)}, 1, clock_.now()});
  store();
}

void Media::store() {
  if (!unstored_.empty() && book_.store() != nullptr && book_.append(unstored_)) unstored_.clear();
}

void Media::tick() {
  for (auto& [id, attached] : attached_) judge(attached, false);
  store();
}

}  // namespace caretaker::agent
