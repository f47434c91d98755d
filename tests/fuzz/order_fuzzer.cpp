// Orders, certificates of wipes and their records; what lies beside the kernel, where whoever has the disk can write; and codes as people type them.
#include <cstdlib>

#include "agent/wipe_intent.h"
#include "sync/unlock_code.h"
#include "sync/wipe_certificate.h"
#include "tests/fuzz/round_trip.h"

using namespace caretaker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  fuzz::round_trip(bytes, sync::parse_order, sync::make_order_payload);
  fuzz::round_trip(bytes, sync::parse_wipe_certificate, sync::make_wipe_certificate_payload);
  fuzz::round_trip(bytes, sync::parse_wipe_record, sync::make_wipe_record);
  fuzz::round_trip(bytes, platform::parse_erase_plan, platform::make_erase_plan);
  fuzz::round_trip(bytes, agent::parse_intent, agent::make_intent);
  if (const auto intent = agent::parse_intent(bytes); intent && agent::open_intent(*intent, {"uuid-1", "board-1"})) std::abort();  // nobody signed it
  if (const auto digits = sync::parse_digits(as_text(bytes)); digits && digits->size() != 8) std::abort();
  return 0;
}
