#include "tests/sim/school.h"

namespace caretaker::sim {
namespace {

// A usable one: others are refused before anything else is looked at.
constexpr const char* kPolicy =
    "school = \"Test School\"\n"
    "[groups.everybody]\ndefault = true\nblocked_categories = [\"gambling\"]\n"
    "[recipients]\n\"*\" = [\"safeguarding\"]\n";

}  // namespace

School::School() : root_(people_.root_envelope()), verified_(people_.verified()) {}

server::ServerKeys School::server_keys() const {
  return {people_.server, people_.server_box, {"", "", people_.root.tls_pins.front()}};
}

Bytes School::policy(std::int64_t version, UnixSeconds issued, UnixSeconds expires) const {
  const sync::PolicyBundle bundle{version, issued, expires, {}, kPolicy};
  return sync::test::envelope_of(sync::PayloadType::kPolicy, sync::make_policy_payload(id(), bundle), {&people_.technician});
}

Bytes School::receipt(const sync::Receipt& receipt) const {
  return sync::test::envelope_of(sync::PayloadType::kReceipt, sync::make_receipt_payload(receipt), {&people_.server});
}

}  // namespace caretaker::sim
