// What anybody on the network may send to POST /v1/staff: the payload, and the table of actions.
#include <cstdlib>

#include "sync/staff_request.h"

using namespace caretaker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = sync::parse_staff_request({data, size});
  if (!first) return 0;
  const Bytes made = sync::make_staff_payload(*first);
  const auto second = sync::parse_staff_request(made);
  if (!second || sync::make_staff_payload(*second) != made) std::abort();
  if (auto roles = sync::roles_for_action(first->action); roles && roles->empty()) std::abort();
  return 0;
}
