// Names as people, lists and DNS questions write them.
#include <cstdint>
#include <cstdlib>

#include "policy/bypass.h"
#include "policy/domain_name.h"
#include "policy/local_names.h"
#include "policy/safe_search.h"

using namespace caretaker::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto name = normalise_name({reinterpret_cast<const char*>(data), size});
  if (!name) return 0;
  const auto again = normalise_name(*name);
  if (!again || *again != *name || name->size() > 253) std::abort();  // normal is normal
  if (!name->ends_with(registrable_name(*name))) std::abort();
  if (display_name(*name).empty()) std::abort();
  static_cast<void>(is_public_suffix(*name));
  static_cast<void>(find_bypass(*name));
  static_cast<void>(find_canary(*name));
  static_cast<void>(find_search(*name));
  static_cast<void>(find_local_zone(*name));
  return 0;
}
