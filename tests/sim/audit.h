// The server's database read from outside, after everything is closed: what it holds is compared with what was promised.
#pragma once

#include "tests/sim/disk.h"
#include "tests/sim/ledger.h"
#include "tests/sim/school.h"

namespace caretaker::sim {

// What is wrong goes into the ledger. `keys`: of all devices that ever were; `now`: the true time.
void audit_server(const std::string& database, const School& school, const std::map<sync::DeviceId, PublicKey>& keys,
                  MonotonicMs now, Ledger& ledger);

}  // namespace caretaker::sim
