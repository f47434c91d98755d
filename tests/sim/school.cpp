#include "tests/sim/school.h"

namespace caretaker::sim {

School::School() : root_(people_.root_envelope()), verified_(people_.verified()) {}

server::ServerKeys School::server_keys() const {
  return {people_.server, people_.server_box, {"", "", people_.root.tls_pins.front()}};
}

Bytes School::policy(std::int64_t version, UnixSeconds issued, UnixSeconds expires) const {
  const sync::PolicyBundle bundle{version, issued, expires, {}, "school = \"Test School\"\n"};
  return sync::test::envelope_of(sync::PayloadType::kPolicy, sync::make_policy_payload(id(), bundle), {&people_.technician});
}

}  // namespace caretaker::sim
