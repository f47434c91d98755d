#include "sync/enrolment.h"

#include "platform/base/text.h"
#include "sync/checks.h"
#include "sync/fields.h"

namespace caretaker::sync {
namespace {

constexpr std::string_view kTokenPrefix = "caretaker-token-1.";
constexpr std::string_view kTokenLabel = "caretaker token v1";
constexpr std::size_t kMaxRequestBytes = 8192;

Json hardware_json(const Hardware& hardware) {
  return Json::Object{{"dmi_uuid", hardware.dmi_uuid}, {"board_serial", hardware.board_serial}};
}

Result<Hardware> hardware_at(const Json& json, std::string_view key) {
  const Json& object = json[key];
  TRY(dmi_uuid, text_at(object, "dmi_uuid"));
  TRY(board_serial, text_at(object, "board_serial"));
  return Hardware{std::move(dmi_uuid), std::move(board_serial)};
}

Result<EnrolmentRequest> parse_request(ByteView payload) {
  TRY(json, parse_object_v1(payload, kMaxRequestBytes));
  TRY(school, json.hex_array_at<32>("school"));
  TRY(device_key, json.hex_array_at<32>("device_key"));
  TRY(token, json.hex_array_at<16>("token"));
  TRY(hardware, hardware_at(json, "hardware"));
  TRY(label, text_at(json, "label"));
  return EnrolmentRequest{school, device_key, token, std::move(hardware), std::move(label)};
}

Result<DeviceCertificate> parse_certificate_fields(ByteView payload) {
  TRY(json, parse_object_v1(payload, kMaxRequestBytes));
  TRY(school, json.hex_array_at<32>("school"));
  TRY(device, json.hex_array_at<32>("device"));
  TRY(device_key, json.hex_array_at<32>("device_key"));
  TRY(hardware, hardware_at(json, "hardware"));
  TRY(issued, number_at(json, "issued"));
  return DeviceCertificate{school, device, device_key, std::move(hardware), issued};
}

Result<EnrolmentAnswer> parse_answer(ByteView body) {
  TRY(json, parse_object_v1(body, kMaxAnswerBytes, kMaxAnswerValues));
  TRY(certificate, blob_at(json, "certificate", kMaxEnvelopeBytes));
  TRY(roots, blobs_at(json, "roots", kMaxAnswerRoots, kMaxEnvelopeBytes));
  TRY(policy, optional_blob_at(json, "policy", kMaxEnvelopeBytes));
  TRY(lists, optional_blob_at(json, "lists", kMaxEnvelopeBytes));
  return EnrolmentAnswer{std::move(certificate), std::move(roots), std::move(policy), std::move(lists)};
}

}  // namespace

std::string make_token_text(const EnrolmentToken& token) {
  ByteWriter out;
  out.raw(token.secret);
  out.raw(token.school);
  out.raw(token.tls_pin);
  out.sized(token.server);
  return std::string(kTokenPrefix) + to_base64(out.bytes());
}

Result<EnrolmentToken> parse_token_text(std::string_view text) {
  text = trim(text, " \t\r\n");
  if (!text.starts_with(kTokenPrefix) || text.size() > 2048) return refuse(Check::kTokenForm);
  TRY(bytes, in_check(Check::kTokenForm, parse_base64(text.substr(kTokenPrefix.size()))));
  ByteReader in(bytes);
  const auto secret = to_array<16>(in.raw(16));
  const auto school = to_array<32>(in.raw(32));
  const auto pin = to_array<32>(in.raw(32));
  std::string server = in.text(kMaxText);
  if (!in.at_end()) return refuse(Check::kTokenForm);
  if (!server.starts_with("https://")) return refuse(Check::kTokenForm, "the server's address does not begin with https://");
  return EnrolmentToken{*secret, *school, *pin, std::move(server)};
}

Hash token_hash(const std::array<std::uint8_t, 16>& secret) {
  Hasher hasher;
  hasher.add(as_bytes(kTokenLabel));
  hasher.add(secret);
  return hasher.finish();
}

Bytes make_enrolment_payload(const EnrolmentRequest& request) {
  return to_bytes(Json(Json::Object{{"v", 1},
                                    {"school", to_hex(request.school)},
                                    {"device_key", to_hex(request.device_key)},
                                    {"token", to_hex(request.token)},
                                    {"hardware", hardware_json(request.hardware)},
                                    {"label", request.label}})
                      .dump());
}

Result<EnrolmentRequest> parse_enrolment(ByteView payload) {
  return in_check(Check::kEnrolmentForm, parse_request(payload));
}

Result<EnrolmentRequest> open_enrolment(const RawBlob& blob) {
  TRY(unverified, unverified_payload(blob.bytes, PayloadType::kEnrolment));
  TRY(claimed, parse_enrolment(unverified));
  const KeyRing ring{{key_id(claimed.device_key), claimed.device_key}};
  TRY(opened, open_envelope(blob.bytes, PayloadType::kEnrolment, ring));
  return parse_enrolment(opened.payload);
}

Bytes make_certificate_payload(const DeviceCertificate& certificate) {
  return to_bytes(Json(Json::Object{{"v", 1},
                                    {"school", to_hex(certificate.school)},
                                    {"device", to_hex(certificate.device)},
                                    {"device_key", to_hex(certificate.device_key)},
                                    {"hardware", hardware_json(certificate.hardware)},
                                    {"issued", certificate.issued}})
                      .dump());
}

Result<DeviceCertificate> parse_certificate(ByteView payload) {
  return in_check(Check::kCertificateForm, parse_certificate_fields(payload));
}

Result<DeviceCertificate> open_certificate(const RawBlob& blob, const VerifiedRoot& root) {
  TRY(opened, open_envelope(blob.bytes, PayloadType::kCertificate, role_ring(root.root(), Role::kReceipts)));
  TRY(certificate, parse_certificate(opened.payload));
  if (certificate.school != root.root().school) return refuse(Check::kCertificateOwner, "school");
  if (certificate.device != hash(certificate.device_key)) return refuse(Check::kCertificateOwner, "device id");
  return certificate;
}

Bytes make_enrolment_answer(const EnrolmentAnswer& answer) {
  Json::Array roots;
  for (const Bytes& root : answer.roots) roots.push_back(to_base64(root));
  Json::Object json{{"v", 1}, {"certificate", to_base64(answer.certificate)}, {"roots", std::move(roots)}};
  if (!answer.policy.empty()) json["policy"] = to_base64(answer.policy);
  if (!answer.lists.empty()) json["lists"] = to_base64(answer.lists);
  return to_bytes(Json(std::move(json)).dump());
}

Result<EnrolmentAnswer> parse_enrolment_answer(ByteView body) {
  return in_check(Check::kEnrolmentAnswerForm, parse_answer(body));
}

}  // namespace caretaker::sync
