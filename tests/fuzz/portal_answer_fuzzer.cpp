// What somebody between us and the internet answers: cut anywhere it says the same in the end, and a host that comes out is one.
#include <algorithm>
#include <cstdlib>

#include "agent/net/portal_answer.h"
#include "platform/base/bytes.h"

using namespace caretaker;
using namespace caretaker::agent;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  const PortalAnswer whole = parse_portal_answer(text);
  if (whole.state == PortalAnswer::State::kRedirect) {
    const bool is_host = !whole.host.empty() && whole.host.size() <= 253 && std::ranges::all_of(whole.host, [](char c) {
      return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || std::string_view("-._:").find(c) != std::string_view::npos;
    });
    if (!is_host) std::abort();
  }
  for (const std::size_t cut : {size / 3, size / 2, size - size / 4}) {
    const PortalAnswer part = parse_portal_answer(text.substr(0, cut));
    if (size <= kMaxPortalHead && part.state != PortalAnswer::State::kMore && (part.state != whole.state || part.host != whole.host)) std::abort();
  }
  return 0;
}
