// What the process that looks at a stick answers: it may have been taken over by what is on the stick.
#include "platform/volume_inspector.h"

#include <cstdlib>

using namespace caretaker;
using namespace caretaker::platform;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto content = parse_content_text(as_text(ByteView(data, size)));
  if (!content) return 0;
  const auto again = parse_content_text(make_content_text(*content));
  if (!again || *again != *content) std::abort();
  return 0;
}
