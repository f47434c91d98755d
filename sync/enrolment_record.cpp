#include "sync/enrolment_record.h"

namespace caretaker::sync {

Result<EnrolmentRequest> open_enrolment_record(const RawBlob& blob, const SchoolId& school, const DeviceId& device) {
  TRY(request, open_enrolment(blob));
  if (request.school != school) return make_error(ErrorCode::kUnauthentic, "an enrolment at another school");
  if (hash(request.device_key) != device) return make_error(ErrorCode::kUnauthentic, "another device's enrolment");
  return request;
}

}  // namespace caretaker::sync
