// A database's header by whoever wrote it: a time that passes is one.
#include "platform/clamav_header.h"

#include <cstdlib>

using namespace caretaker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto time = platform::parse_clamav_build_time({data, size});
  if (time && *time <= 0) std::abort();
  return 0;
}
