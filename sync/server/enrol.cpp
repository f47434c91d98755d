#include "sync/server/enrol.h"

#include "platform/base/log.h"
#include "sync/root_pages.h"

namespace caretaker::server {

Bytes make_certificate(const SchoolState& school, const DeviceRow& device) {
  const sync::DeviceCertificate certificate{school.id(), device.id, device.key, device.hardware, device.enrolled};
  return school.sign(sync::PayloadType::kCertificate, sync::make_certificate_payload(certificate));
}

std::vector<Bytes> page_of_roots(const std::vector<Bytes>& roots, std::size_t first) {
  std::vector<Bytes> page;
  std::size_t bytes = 0;
  for (std::size_t i = first; i < roots.size() && page.size() < sync::kMaxAnswerRoots; ++i) {
    bytes += roots[i].size();
    if (bytes > sync::kMaxRootPageBytes && !page.empty()) break;
    page.push_back(roots[i]);
  }
  return page;
}

Result<sync::EnrolmentAnswer> enrol(FleetStore& store, const SchoolState& school, ByteView body, UnixSeconds now, std::size_t after) {
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
  return sync::EnrolmentAnswer{make_certificate(school, device), page_of_roots(school.envelopes(), after), policy ? policy->envelope : Bytes(),
                               lists ? lists->envelope : Bytes()};
}

}  // namespace caretaker::server
