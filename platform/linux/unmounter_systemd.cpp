// Unmounting by the service manager: the guard lives among mounts of its own and may not change the system's.
#include <linux/capability.h>

#include <cstdint>
#include <memory>

#include "platform/linux/system_bus.h"
#include "platform/linux/unit_bus.h"
#include "platform/volumes.h"

namespace caretaker::platform {
namespace {

constexpr std::uint64_t power(int capability) { return std::uint64_t{1} << capability; }

// umount(8) then writes its notes anew (/run/mount/utab), which may have the group of whoever mounted.
constexpr std::uint64_t kMayUnmount = power(CAP_SYS_ADMIN) | power(CAP_DAC_OVERRIDE) | power(CAP_CHOWN);

}  // namespace

std::function<Status(const std::string& point)> make_unmounter() {
  const auto bus = std::make_shared<SystemBus>();
  const auto units = std::make_shared<UnitBus>(*bus);
  return [bus, units](const std::string& point) {
    return units->run_as_root(kMayUnmount, {"/usr/bin/umount", "--lazy", "--no-canonicalize", "--", point});
  };
}

}  // namespace caretaker::platform
