#include "policy/decide_volume.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::policy;

namespace {

Group group_with(PlainMedia setting) {
  Group group;
  group.name = "pupils";
  group.plain_media = setting;
  return group;
}

VolumeFacts volume(Encryption encryption, Medium medium = Medium::kUsbStorage) {
  return {{medium, "0951:1666", "60A44C"}, {encryption, "luks2", "", "12a3a118"}};
}

std::string decide(const Policy& policy, PlainMedia setting, const VolumeFacts& facts) {
  const VolumeDecision decision = decide_volume(policy, group_with(setting), facts);
  return std::string(access_name(decision.access)) + ": " + std::string(media_reason_name(decision.reason));
}

constexpr std::array kSettings = {PlainMedia::kWarn, PlainMedia::kReadOnly, PlainMedia::kKeepOut};

}  // namespace

TEST_CASE("an encrypted volume is allowed in every group", "[R2]") {
  for (const PlainMedia setting : kSettings) CHECK(decide({}, setting, volume(Encryption::kEncrypted)) == "allow: encrypted");
}

TEST_CASE("what is not wholly encrypted, or not certainly, is what the group may do with plain volumes", "[R2]") {
  for (const auto& [encryption, reason] : std::vector<std::pair<Encryption, std::string>>{{Encryption::kNotEncrypted, "not-encrypted"},
                                                                                          {Encryption::kPartly, "partly-encrypted"},
                                                                                          {Encryption::kSuspended, "protection-suspended"},
                                                                                          {Encryption::kUnknown, "unknown"}}) {
    CHECK(decide({}, PlainMedia::kKeepOut, volume(encryption)) == "keep-out: " + reason);
    CHECK(decide({}, PlainMedia::kReadOnly, volume(encryption)) == "read-only: " + reason);
    CHECK(decide({}, PlainMedia::kWarn, volume(encryption)) == "warn: " + reason);
  }
}

TEST_CASE("a group that says nothing about media keeps plain ones out, and so does a device without a policy", "[R2]") {
  CHECK(decide_volume({}, Group{}, volume(Encryption::kNotEncrypted)).access == Access::kKeepOut);
  CHECK(VolumeDecision{}.access == Access::kKeepOut);
  CHECK(media_reason_name(VolumeDecision{}.reason) == "no-policy");
}

TEST_CASE("a phone cannot be made read-only, so it is kept out there", "[R2]") {
  const VolumeFacts phone = {{Medium::kPhone, "18d1:4ee1", ""}, {Encryption::kUnknown, "", "phone", ""}};
  CHECK(decide({}, PlainMedia::kKeepOut, phone) == "keep-out: phone");
  CHECK(decide({}, PlainMedia::kReadOnly, phone) == "keep-out: phone");
  CHECK(decide({}, PlainMedia::kWarn, phone) == "warn: phone");
  VolumeFacts boasting = phone;
  boasting.content.encryption = Encryption::kEncrypted;
  CHECK(decide({}, PlainMedia::kKeepOut, boasting) == "keep-out: phone");
}

TEST_CASE("an allowed medium is one that has all that the policy names of it", "[R2]") {
  Policy policy;
  policy.allowed_media = {{"0951:1666", "60A44C", ""}};
  CHECK(decide(policy, PlainMedia::kKeepOut, volume(Encryption::kUnknown)) == "allow: allow-listed");
  VolumeFacts other = volume(Encryption::kUnknown);
  other.identity.serial = "60a44c";
  CHECK(decide(policy, PlainMedia::kKeepOut, other) == "keep-out: unknown");
  other = volume(Encryption::kUnknown);
  other.identity.usb = "0951:1667";
  CHECK(decide(policy, PlainMedia::kKeepOut, other) == "keep-out: unknown");
  policy.allowed_media = {{"0951:1666", "", ""}};
  CHECK(decide(policy, PlainMedia::kKeepOut, volume(Encryption::kUnknown)) == "allow: allow-listed");
  policy.allowed_media = {{"", "", "12a3a118"}};
  CHECK(decide(policy, PlainMedia::kKeepOut, volume(Encryption::kNotEncrypted)) == "allow: allow-listed");
  other = volume(Encryption::kNotEncrypted);
  other.content.volume_id.clear();
  CHECK(decide(policy, PlainMedia::kKeepOut, other) == "keep-out: not-encrypted");
}

TEST_CASE("the disc of an allowed stick, with its maker's program, can be read and no more", "[R2]") {
  Policy policy;
  policy.allowed_media = {{"0951:1666", "60A44C", ""}};
  CHECK(decide(policy, PlainMedia::kKeepOut, volume(Encryption::kNotEncrypted, Medium::kOptical)) == "read-only: allow-listed-disc");
  CHECK(decide({}, PlainMedia::kKeepOut, volume(Encryption::kNotEncrypted, Medium::kOptical)) == "keep-out: not-encrypted");
}

TEST_CASE("of several people's decisions the strictest counts", "[R2]") {
  const VolumeDecision warned{Access::kWarn, MediaReason::kUnknown};
  const VolumeDecision kept_out{Access::kKeepOut, MediaReason::kUnknown};
  CHECK(stricter(warned, kept_out) == kept_out);
  CHECK(stricter(kept_out, warned) == kept_out);
}

TEST_CASE("whoever loses something is told what and what to do, in one sentence", "[R2]") {
  for (const Access access : {Access::kWarn, Access::kReadOnly, Access::kKeepOut}) {
    for (const MediaReason reason : {MediaReason::kNotEncrypted, MediaReason::kPartly, MediaReason::kSuspended, MediaReason::kUnknown,
                                     MediaReason::kPhone, MediaReason::kNoPolicy}) {
      const std::string_view notice = media_notice({access, reason});
      CAPTURE(notice);
      CHECK(notice.size() > 40);
      CHECK(notice.find('.') == notice.size() - 1);
      if (reason == MediaReason::kUnknown || reason == MediaReason::kPhone) CHECK(notice.find("not encrypted") == std::string_view::npos);
    }
  }
  CHECK(media_notice({Access::kAllow, MediaReason::kEncrypted}).empty());
  CHECK(media_notice({Access::kReadOnly, MediaReason::kAllowListedDisc}).empty());
}
