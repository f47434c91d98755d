// What a device reads from a server: answers to check-in and enrolment, certificates, bundles.
#include "sync/batch.h"
#include "sync/bundle_form.h"
#include "sync/enrolment.h"
#include "sync/exception.h"
#include "sync/hold.h"
#include "tests/fuzz/round_trip.h"

using namespace caretaker;
using namespace caretaker::sync;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  fuzz::round_trip(bytes, parse_checkin_answer, make_checkin_answer);
  fuzz::round_trip(bytes, parse_hold_answer, make_hold_answer);
  fuzz::round_trip(bytes, parse_enrolment_answer, make_enrolment_answer);
  fuzz::round_trip(bytes, parse_certificate, make_certificate_payload);
  fuzz::round_trip(bytes, parse_policy_form, [](const PolicyForm& form) { return make_policy_payload(form.school, form.bundle); });
  fuzz::round_trip(bytes, parse_lists_form, [](const ListsForm& form) { return make_lists_payload(form.school, form.manifest); });
  fuzz::round_trip(bytes, parse_lists_draft, make_lists_draft);
  if (const auto exception = parse_exception(bytes)) {  // each that is made has a nonce of its own
    if (!parse_exception(make_exception_payload(*exception))) std::abort();
  }
  if (const auto label = read_letter_label({Bytes(data, data + size)}); label && label->type != PayloadType::kException) std::abort();
  return 0;
}
