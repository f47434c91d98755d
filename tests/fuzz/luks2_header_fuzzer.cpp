// LUKS 2's headers by whoever made the stick: whatever passes has the length that it says, twice.
#include "platform/luks2_header.h"

#include <cstdlib>

using namespace caretaker;
using namespace caretaker::platform;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto length = luks2_header_size(input);
  if (check_luks2_headers(input) && (!length || input.size() < 2 * *length)) std::abort();
  return 0;
}
