// How a machine becomes one of the school's. PROTOCOL.md, "Enrolment". Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "sync/root.h"

namespace caretaker::sync {

// What a technician carries to the machine, in a file: one line, "caretaker-token-1." and base64 of its fields. It is a
// secret for 24 hours; the server keeps only its hash.
struct EnrolmentToken {
  std::array<std::uint8_t, 16> secret{};
  SchoolId school{};   // pins root 1
  Hash tls_pin{};      // pins the server's key
  std::string server;  // base URL
};
[[nodiscard]] std::string make_token_text(const EnrolmentToken& token);
[[nodiscard]] Result<EnrolmentToken> parse_token_text(std::string_view text);  // surrounding white space is fine
[[nodiscard]] Hash token_hash(const std::array<std::uint8_t, 16>& secret);

struct Hardware {
  std::string dmi_uuid;
  std::string board_serial;
};

// Payload of kEnrolment, signed by the device's new key.
struct EnrolmentRequest {
  SchoolId school{};
  PublicKey device_key{};
  std::array<std::uint8_t, 16> token{};
  Hardware hardware;
  std::string label;  // host name, for the technician
};
[[nodiscard]] Bytes make_enrolment_payload(const EnrolmentRequest& request);
[[nodiscard]] Result<EnrolmentRequest> parse_enrolment(ByteView payload);
// Opens an enrolment envelope with the key that it names itself (proof of possession).
[[nodiscard]] Result<EnrolmentRequest> open_enrolment(const RawBlob& blob);

// Payload of kCertificate, signed by the server (role receipts).
struct DeviceCertificate {
  SchoolId school{};
  DeviceId device{};
  PublicKey device_key{};
  Hardware hardware;
  UnixSeconds issued = 0;
};
[[nodiscard]] Bytes make_certificate_payload(const DeviceCertificate& certificate);
[[nodiscard]] Result<DeviceCertificate> parse_certificate(ByteView payload);
// Signed by the role receipts, for this school, and the device id is that of the key.
[[nodiscard]] Result<DeviceCertificate> open_certificate(const RawBlob& blob, const VerifiedRoot& root);

// Answer to POST /v1/enrol: {"v", "certificate", "roots": [..], "policy", "lists"}; envelopes.
struct EnrolmentAnswer {
  Bytes certificate;
  std::vector<Bytes> roots;  // from root 1 on
  Bytes policy;
  Bytes lists;
};
[[nodiscard]] Bytes make_enrolment_answer(const EnrolmentAnswer& answer);
[[nodiscard]] Result<EnrolmentAnswer> parse_enrolment_answer(ByteView body);

}  // namespace caretaker::sync
