// What anybody on the network may send to POST /v1/enrol, before and after its signature: the envelope, the payload, and the
// token file and answer on the device's side.
#include <cstdlib>

#include "sync/enrolment.h"

using namespace caretaker;

namespace {

template <typename Parse, typename Make>
void round_trip(ByteView bytes, Parse parse, Make make) {
  const auto first = parse(bytes);
  if (!first) return;
  const Bytes made = make(*first);
  const auto second = parse(made);
  if (!second || make(*second) != made) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  if (auto opened = sync::open_enrolment({to_bytes(bytes)}); opened && size < 64) std::abort();  // too short for a signature
  round_trip(bytes, sync::parse_enrolment, sync::make_enrolment_payload);
  round_trip(bytes, sync::parse_certificate, sync::make_certificate_payload);
  round_trip(bytes, sync::parse_enrolment_answer, sync::make_enrolment_answer);
  if (auto token = sync::parse_token_text(as_text(bytes))) {
    if (!sync::parse_token_text(sync::make_token_text(*token))) std::abort();
  }
  return 0;
}
