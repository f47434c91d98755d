#include "sync/event.h"

#include "tests/fuzz/round_trip.h"

using namespace caretaker;
using namespace caretaker::sync;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  fuzz::round_trip(bytes, parse_event_body, make_event_body);
  fuzz::round_trip(bytes, parse_sealed_json, make_sealed_json);
  // As the ciphertext of an event that names it, and as a key wrapped for the reader.
  static const BoxKey reader = make_box_key(SecretKey(Hash{1}));
  EventBody body{"fuzz", 1, Severity::kInfo, "", 1, hash(bytes), Hash{}};
  const SealedDetails sealed{to_bytes(bytes), {{key_id(reader.public_key), to_bytes(bytes)}}};
  if (open_details(sealed, body, reader)) std::abort();
  return 0;
}
