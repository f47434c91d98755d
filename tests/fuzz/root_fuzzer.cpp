#include "sync/root.h"

#include "tests/fuzz/round_trip.h"

using namespace caretaker;
using namespace caretaker::sync;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::round_trip({data, size}, parse_root, make_root_payload);
  static_cast<void>(VerifiedRoot::open_first({to_bytes(ByteView(data, size))}, SchoolId{}));
  return 0;
}
