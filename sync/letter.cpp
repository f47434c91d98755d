#include "sync/letter.h"

#include <algorithm>

#include "sync/checks.h"
#include "sync/fields.h"

namespace caretaker::sync {
namespace {

// The kinds of envelope that are letters.
constexpr std::array kLetterTypes = {PayloadType::kException, PayloadType::kOrder};

Result<LetterHead> parse_fields(const Json& payload) {
  LetterHead head;
  TRY(school, payload.hex_array_at<32>("school"));
  TRY(issued, number_at(payload, "issued"));
  TRY(until, number_at(payload, "until"));
  if (until <= issued || until - issued > kMaxLifetime) {
    return make_error(ErrorCode::kInvalidInput, "it must end after it was issued, and within 400 days");
  }
  if (!payload["device"].is_null()) {
    TRY(device, payload.hex_array_at<32>("device"));
    head.device = device;
  }
  head.school = school;
  head.issued = issued;
  head.until = until;
  return head;
}

}  // namespace

LetterId letter_id(ByteView payload) {
  LetterId id{};
  const Hash whole = hash(payload);
  std::copy_n(whole.begin(), id.size(), id.begin());
  return id;
}

std::string letter_name(const LetterId& id) { return to_hex(id); }

Json::Object letter_head_json(const LetterHead& head) {
  Json::Object json{{"v", 1}, {"school", to_hex(head.school)}, {"issued", head.issued}, {"until", head.until}};
  if (head.device) json["device"] = to_hex(*head.device);
  return json;
}

Result<LetterHead> parse_letter_head(const Json& payload) { return in_check(Check::kLetterForm, parse_fields(payload)); }

Status check_letter_head(const LetterHead& head, const SchoolId& school, const DeviceId& device, UnixSeconds now) {
  if (head.school != school) return refuse(Check::kLetterSchool);
  if (head.device && *head.device != device) return refuse(Check::kLetterDevice);
  if (head.until <= now) return refuse(Check::kLetterOver, to_rfc3339(head.until));
  return ok();
}

Result<LetterLabel> read_letter_label(const RawBlob& blob) {
  for (const PayloadType type : kLetterTypes) {
    const auto payload = unverified_payload(blob.bytes, type, kMaxLetterBytes);
    if (payload) return LetterLabel{type, letter_id(*payload)};
    if (payload.error().code != ErrorCode::kUnsupported) return payload.error();
  }
  return refuse(Check::kLetterType);
}

}  // namespace caretaker::sync
