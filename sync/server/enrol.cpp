#include "sync/server/enrol.h"

#include "platform/base/log.h"

namespace caretaker::server {

Bytes make_certificate(const SchoolState& school, const DeviceRow& device) {
  const sync::DeviceCertificate certificate{school.id(), device.id, device.key, device.hardware, device.enrolled};
  return school.sign(sync::PayloadType::kCertificate, sync::make_certificate_payload(certificate));
}

Result<sync::EnrolmentAnswer> enrol(FleetStore& store, const SchoolState& school, ByteView body, UnixSeconds now) {
  TRY(request, sync::open_enrolment({to_bytes(body)}));
  if (request.school != school.id()) return make_error(ErrorCode::kPermissionDenied, "this server is another school's");
  const DeviceRow device{hash(request.device_key), request.device_key, request.label, request.hardware, now, {}, "", "", {}};
  const auto admit = [&]() -> Status {
    TRY_DONE(store.use_token(sync::token_hash(request.token), device.id, now));
    TRY_DONE(store.add_device(device, body));
    return store.mark_replaced(device.hardware, device.id);
  };
  TRY_DONE(store.transaction(admit));
  log_info("enrol", "device " + to_hex(device.id).substr(0, 12) + " enrolled");
  TRY(policy, store.newest_policy());
  TRY(lists, store.newest_lists(true));
  return sync::EnrolmentAnswer{make_certificate(school, device), school.envelopes(), policy ? policy->envelope : Bytes(),
                               lists ? lists->envelope : Bytes()};
}

}  // namespace caretaker::server
