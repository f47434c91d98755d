#include "sync/hold.h"

#include "sync/checks.h"
#include "sync/fields.h"

namespace caretaker::sync {
namespace {

constexpr std::size_t kMaxAnswer = 1024;

Result<Hold> parse_fields(ByteView payload) {
  TRY(json, parse_object_v1(payload, kMaxHoldBytes));
  TRY(school, json.hex_array_at<32>("school"));
  TRY(device, json.hex_array_at<32>("device"));
  TRY(nonce, text_at(json, "nonce", 64));
  TRY(time, number_at(json, "time"));
  TRY(mark, text_at(json, "mark", kMaxMark));
  return Hold{school, device, std::move(nonce), time, std::move(mark)};
}

Result<HoldRequest> parse_request(ByteView body) {
  TRY(json, parse_object_v1(body, kMaxHoldBytes));
  TRY(certificate, blob_at(json, "certificate", kMaxHoldBytes));
  TRY(hold, blob_at(json, "hold", kMaxHoldBytes));
  return HoldRequest{std::move(certificate), std::move(hold)};
}

Result<HoldAnswer> parse_answer(ByteView body) {
  TRY(json, parse_object_v1(body, kMaxAnswer));
  TRY(news, json.bool_at("new"));
  return HoldAnswer{news};
}

}  // namespace

Bytes make_hold_payload(const Hold& hold) {
  return to_bytes(Json(Json::Object{{"v", 1},
                                    {"school", to_hex(hold.school)},
                                    {"device", to_hex(hold.device)},
                                    {"nonce", hold.nonce},
                                    {"time", hold.time},
                                    {"mark", hold.mark}})
                      .dump());
}

Result<Hold> parse_hold(ByteView payload) { return in_check(Check::kHoldForm, parse_fields(payload)); }

Result<Hold> open_hold(const RawBlob& blob, const DeviceCertificate& certificate) {
  const KeyRing ring{{key_id(certificate.device_key), certificate.device_key}};
  TRY(opened, open_envelope(blob.bytes, PayloadType::kHold, ring));
  TRY(hold, parse_hold(opened.payload));
  if (hold.device != certificate.device || hold.school != certificate.school) return refuse(Check::kHoldOwner);
  return hold;
}

Bytes make_hold_request(const HoldRequest& request) {
  return to_bytes(Json(Json::Object{{"v", 1},
                                    {"certificate", to_base64(request.certificate)},
                                    {"hold", to_base64(request.hold)}})
                      .dump());
}

Result<HoldRequest> parse_hold_request(ByteView body) { return in_check(Check::kHoldForm, parse_request(body)); }

Bytes make_hold_answer(const HoldAnswer& answer) {
  return to_bytes(Json(Json::Object{{"v", 1}, {"new", answer.news}}).dump());
}

Result<HoldAnswer> parse_hold_answer(ByteView body) { return in_check(Check::kAnswerForm, parse_answer(body)); }

}  // namespace caretaker::sync
