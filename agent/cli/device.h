// `caretaker device list`: the school's machines as the server knows them.
#pragma once

#include "agent/cli/desk.h"
#include "agent/cli/wipe_proof.h"

namespace caretaker::agent {

struct DeviceListOptions : PersonOptions {
  bool json = false;
};

// One line for each device, with a heading. Pure.
[[nodiscard]] Result<std::string> show_devices(const Json& answer, UnixSeconds now, const WipeProofs& proofs = {});

[[nodiscard]] Status run_device_list(const DeviceListOptions& options, const Clock& clock);

}  // namespace caretaker::agent
