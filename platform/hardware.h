// What the machine is, so that a cloned disk image is noticed. Port.
#pragma once

#include <string>

namespace caretaker::platform {

// Empty strings where the firmware says nothing. Read once at start; needs root for the serials on Linux.
struct HardwareIdentity {
  std::string dmi_uuid;
  std::string board_serial;
  std::string machine_id;  // /etc/machine-id: changes with the installation, not with the hardware
};

[[nodiscard]] HardwareIdentity hardware_identity();

}  // namespace caretaker::platform
