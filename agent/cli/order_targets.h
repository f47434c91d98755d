// What `caretaker device unlock` and `device cancel` end: every lock, or wipe, of the machine that may be in force or come into it. The newest by
// the signers' clocks alone is not enough: one clock that was ahead would leave the machine locked.
#pragma once

#include <span>
#include <vector>

#include "agent/cli/named_device.h"
#include "sync/order.h"

namespace caretaker::agent {

// Of orders.list's answer, the oldest first; what people signed counts, by whichever root was in force then: who signed it may have left since. Left out is
// what is over and was never given, what the device has refused, and what another order ends that the device has taken or may still take. Where
// nothing is left, the newest: somebody insists. kNotFound: there was none. Pure.
[[nodiscard]] Result<std::vector<sync::OrderId>> decide_targets(const Json& answer, std::span<const sync::VerifiedRoot> roots, const NamedDevice& device,
                                                                sync::OrderKind kind, UnixSeconds now);

}  // namespace caretaker::agent
