#include "platform/linux/volume_gate_udev.h"

#include "platform/linux/sysfs_attribute.h"

namespace caretaker::platform {
namespace {

std::string_view word_for(VolumeAccess access) {
  switch (access) {
    case VolumeAccess::kWhole: return "release";
    case VolumeAccess::kReadOnly: return "readonly";
    case VolumeAccess::kNone: return "keep";
  }
  return "keep";
}

}  // namespace

Status tell_udev(const std::filesystem::path& root, const Volume& volume, VolumeAccess access) {
  // The kernel wants a UUID before arguments; it says nothing, so it is always the same.
  const std::string event = "change 7f0c3f5e-5a0b-4d4a-9f3e-6d4f2c1b0a99 CARETAKER=" + std::string(word_for(access));
  return write_attribute(root / "sys" / volume.id.substr(1) / "uevent", event);
}

}  // namespace caretaker::platform
