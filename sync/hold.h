// The request that a server keeps until it has something new for the device. PROTOCOL.md, "Held requests". Pure; any thread.
#pragma once

#include <string>

#include "sync/enrolment.h"

namespace caretaker::sync {

// Payload of PayloadType::kHold, signed by the device.
struct Hold {
  SchoolId school{};
  DeviceId device{};
  std::string nonce;     // of this request alone
  UnixSeconds time = 0;  // by the device's clock; orders its requests among each other
  std::string mark;      // of the last check-in's answer: anything else is news
};
[[nodiscard]] Bytes make_hold_payload(const Hold& hold);
[[nodiscard]] Result<Hold> parse_hold(ByteView payload);
// Signed by the certified device, and naming it and its school.
[[nodiscard]] Result<Hold> open_hold(const RawBlob& blob, const DeviceCertificate& certificate);

// Body of POST /v1/hold.
struct HoldRequest {
  Bytes certificate;  // envelope, kCertificate
  Bytes hold;         // envelope, kHold, signed by the device
};
[[nodiscard]] Bytes make_hold_request(const HoldRequest& request);
[[nodiscard]] Result<HoldRequest> parse_hold_request(ByteView body);

// Its answer. Only a hint: what is new comes by an ordinary check-in.
struct HoldAnswer {
  bool news = false;
};
[[nodiscard]] Bytes make_hold_answer(const HoldAnswer& answer);
[[nodiscard]] Result<HoldAnswer> parse_hold_answer(ByteView body);

}  // namespace caretaker::sync
