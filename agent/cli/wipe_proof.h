// Which machines are known to be wiped: by the certificate that the machine itself signed before it ended, not by the server's word for its book.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/cli/desk.h"

namespace caretaker::agent {

struct WipeProof {
  std::string order;  // its id in hex
  std::string state;  // "verified"; "best-effort": not everything was encrypted, or could be read back
};
using WipeProofs = std::map<std::string, WipeProof>;  // by the device's id in hex

// A state that says that a machine's data is gone.
[[nodiscard]] bool is_end_of_wipe(std::string_view state);
// `state` as it is shown: one that says that the data is gone has "(the server says)" beside it where no certificate says so too.
[[nodiscard]] std::string shown_state(const std::string& state, const std::string& device, const std::string& order, const WipeProofs& proofs);

// `given`: the server's record; `roots`: the school's own, which take the place of fewer in it. Pure.
[[nodiscard]] Result<Bytes> complete_record(ByteView given, std::vector<Bytes> roots);
// The record of that device's wipe opens by the school's own roots. Pure.
[[nodiscard]] Result<WipeProof> prove_wipe(ByteView given, std::vector<Bytes> roots, const sync::SchoolId& school, const std::string& device);

// An order as the server tells it ({"order": id, ...}) with "proven": flag. Pure.
[[nodiscard]] Json mark_proven(const Json& order, const std::string& device, const WipeProofs& proofs);

// Asks for the records of these devices. Without one, or without the right to it, there is no proof.
[[nodiscard]] Result<WipeProofs> ask_proofs(Desk& desk, const std::set<std::string>& devices, const Clock& clock);

}  // namespace caretaker::agent
