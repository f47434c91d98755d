// The deltas that let devices go from the lists that were sent before to the new ones. The school's folder keeps the last sets that
// were sent from here (sets/HASH.set), to make them out of.
#pragma once

#include <filesystem>

#include "agent/cli/staff_client.h"

namespace caretaker::agent {

// Makes a delta from each set that is kept, hands them to the server, and keeps this one too. A set that gives none (other salt,
// more than half of it new) is passed over: devices fetch the whole then.
[[nodiscard]] Status send_deltas(StaffClient& client, const std::filesystem::path& school, ByteView set, const Hash& file, const Clock& clock);

}  // namespace caretaker::agent
