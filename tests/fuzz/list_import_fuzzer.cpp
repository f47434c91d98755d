// A public list as anybody could have written it. What comes out of it can go into a set.
#include <cstdint>
#include <cstdlib>

#include "platform/base/bytes.h"
#include "policy/domain_name.h"
#include "policy/list_import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caretaker;
  std::uint64_t names = 0;
  const auto report = policy::parse_list(as_text({data, size}), [&](std::string_view name) {
    ++names;
    const auto again = policy::normalise_name(name);
    if (!again || *again != name) std::abort();
    return true;
  });
  if (names != report.names || report.examples.size() > report.bad) std::abort();
  return 0;
}
