#include "platform/base/json.h"

#include "tests/fuzz/round_trip.h"

using namespace caretaker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::round_trip({data, size}, [](ByteView bytes) { return parse_json(as_text(bytes)); },
                   [](const Json& json) { return to_bytes(json.dump()); });
  return 0;
}
