// What comes from people and new machines: tokens, enrolment requests, staff requests, the open half of key files, and printed keys.
#include "sync/enrolment.h"
#include "sync/key_backup.h"
#include "sync/key_file.h"
#include "sync/staff_request.h"
#include "tests/fuzz/round_trip.h"

using namespace caretaker;
using namespace caretaker::sync;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  fuzz::round_trip(bytes, [](ByteView text) { return parse_token_text(as_text(text)); },
                   [](const EnrolmentToken& token) { return to_bytes(make_token_text(token)); });
  fuzz::round_trip(bytes, parse_enrolment, make_enrolment_payload);
  fuzz::round_trip(bytes, parse_staff_request, make_staff_payload);
  fuzz::round_trip(bytes, parse_public_person, make_public_person);
  fuzz::round_trip(bytes, [](ByteView text) { return open_backup(as_text(text), "holder"); },
                   [](const PersonKey& key) {
                     std::string lines;
                     for (const std::string& line : make_backup_lines(key)) lines += line + "\n";
                     return to_bytes(lines);
                   });
  static_cast<void>(open_enrolment({to_bytes(bytes)}));
  return 0;
}
