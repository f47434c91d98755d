// Any bytes as the beginning of a connection. What is found must not hang on how the bytes were cut.
#include <cstdlib>

#include "agent/inspect/hello.h"

using namespace caretaker;
using namespace caretaker::agent;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView stream(data, size);
  (void)parse_client_hello(stream);
  const Hello whole = parse_tcp_start(stream);
  // An earlier look may want more, and may not say another name than the later one.
  for (std::size_t cut = 0; cut < size; cut += 1 + size / 16) {
    const Hello part = parse_tcp_start(stream.first(cut));
    if (part.state == HelloState::kName && (whole.state != HelloState::kName || part.name != whole.name) && size <= kMaxHello) std::abort();
  }
  return 0;
}
