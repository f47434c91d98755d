#include "platform/linux/volume_gate_usb.h"

#include "platform/linux/sysfs_attribute.h"

namespace caretaker::platform {

Status take_authorisation(const std::filesystem::path& root, const Volume& volume) {
  // The nearest thing above the volume that can be authorised: an interface, or a phone itself.
  const std::filesystem::path devices = root / "sys" / "devices";
  std::error_code ignored;
  for (auto at = root / "sys" / volume.id.substr(1); at.has_relative_path() && at != devices; at = at.parent_path()) {
    if (std::filesystem::exists(at / "authorized", ignored)) return write_attribute(at / "authorized", "0");
  }
  return make_error(ErrorCode::kUnsupported, volume.id + " is not on USB");
}

}  // namespace caretaker::platform
