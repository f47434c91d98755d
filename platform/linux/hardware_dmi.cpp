// SMBIOS fields as the kernel shows them; the serials are readable by root alone.
#include "platform/files.h"
#include "platform/hardware.h"

namespace caretaker::platform {
namespace {

std::string field(const char* path) {
  const auto bytes = read_file(path, 4096);
  return bytes ? parse_firmware_field(as_text(*bytes)) : std::string();
}

}  // namespace

HardwareIdentity hardware_identity() {
  return {field("/sys/class/dmi/id/product_uuid"), field("/sys/class/dmi/id/board_serial"), field("/etc/machine-id")};
}

HardwareDescription hardware_description() {
  return {field("/sys/class/dmi/id/sys_vendor"), field("/sys/class/dmi/id/product_name"), field("/sys/class/dmi/id/product_serial")};
}

}  // namespace caretaker::platform
