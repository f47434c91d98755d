// A policy's text: from a technician's editor, and out of signed bundles that another version wrote.
#include <cstdint>
#include <cstdlib>

#include "policy/policy.h"
#include "policy/weakening.h"

using namespace caretaker::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ParsedPolicy strict = parse_policy(text, Strictness::kTechnician);
  const ParsedPolicy lenient = parse_policy(text, Strictness::kDevice);
  if (strict.usable() && !lenient.usable()) std::abort();  // what a technician may sign, devices must take
  if (!lenient.usable()) return 0;
  if (group_of(lenient.policy, "a", {"b"}).name.empty()) std::abort();
  if (!find_weakenings(lenient.policy, lenient.policy).empty()) std::abort();  // nothing changed
  return 0;
}
