// The gate, put together from its mechanisms.
#include "platform/linux/volume_gate_udev.h"
#include "platform/linux/volume_gate_usb.h"

namespace caretaker::platform {
namespace {

class LinuxVolumeGate : public VolumeGate {
 public:
  explicit LinuxVolumeGate(std::filesystem::path root) : root_(std::move(root)) {}

  Status apply(const Volume& volume, VolumeAccess access) override {
    if (volume.id.empty() || volume.id.front() != '/') return make_error(ErrorCode::kInvalidInput, "no device");
    const bool phone = volume.identity.medium == Medium::kPhone;
    if (phone && access == VolumeAccess::kReadOnly) return make_error(ErrorCode::kUnsupported, "a phone cannot be made read-only");
    return tell_udev(root_, volume, access);
  }

  Status cut(const Volume& volume) override { return take_authorisation(root_, volume); }

 private:
  std::filesystem::path root_;
};

}  // namespace

std::unique_ptr<VolumeGate> make_volume_gate(std::filesystem::path root) {
  return std::make_unique<LinuxVolumeGate>(std::move(root));
}

}  // namespace caretaker::platform
