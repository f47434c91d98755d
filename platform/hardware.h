// What the machine is, so that a cloned disk image is noticed. Port.
#pragma once

#include <string>
#include <string_view>

namespace caretaker::platform {

// Empty strings where the firmware says nothing. Read once at start; needs root for the serials on Linux.
struct HardwareIdentity {
  std::string dmi_uuid;
  std::string board_serial;
  std::string machine_id;  // /etc/machine-id: changes with the installation, not with the hardware
};

[[nodiscard]] HardwareIdentity hardware_identity();

// As it stands on the machine's label, for papers.
struct HardwareDescription {
  std::string make;
  std::string model;
  std::string serial;
};
[[nodiscard]] HardwareDescription hardware_description();

// A firmware field without surrounding white space; empty when it is a maker's filler ("Default string", all zeros),
// too long or not plain text: two machines with the same filler are not the same machine. Pure.
[[nodiscard]] std::string parse_firmware_field(std::string_view raw);

}  // namespace caretaker::platform
