// `caretaker device orders`: what was ordered about lost machines, by whom, and each state that it has come to.
#pragma once

#include <map>
#include <span>

#include "agent/cli/desk.h"
#include "agent/cli/wipe_proof.h"

namespace caretaker::agent {

struct OrderListOptions : PersonOptions {
  std::string name;  // of one device; empty: all
  bool json = false;
};

// What stands in an order, and who signed it, is read from what people signed; the states are the server's word for the device's book, except that a machine was wiped where its own certificate says so (wipe_proof.h). One
// that verifies by none of `roots`, the school's from the first on, shows its id and its states alone. Pure.
[[nodiscard]] Result<std::string> show_orders(const Json& answer, std::span<const sync::VerifiedRoot> roots, const std::map<std::string, std::string>& labels,
                                              const WipeProofs& proofs = {});
// The same for other programs: the answer, with "proven" in each order. Pure.
[[nodiscard]] Result<Json> orders_with_proofs(const Json& answer, const WipeProofs& proofs);

[[nodiscard]] Status run_device_orders(const OrderListOptions& options, const Clock& clock);

}  // namespace caretaker::agent
