#include "platform/linux/system_bus.h"

#include <cerrno>

#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

constexpr std::uint64_t kTimeLimitUs = 2'000'000;

}  // namespace

Result<sd_bus*> SystemBus::connection() {
  if (bus_) return bus_.get();
  sd_bus* opened = nullptr;
  if (const int failed = ::sd_bus_open_system(&opened); failed < 0) return failure(failed, "connect to the system bus");
  bus_.reset(opened);
  (void)::sd_bus_set_method_call_timeout(opened, kTimeLimitUs);
  return opened;
}

Error SystemBus::failure(int code, const std::string& what) {
  if (code == -ENOTCONN || code == -ECONNRESET || code == -EPIPE || code == -ETIMEDOUT) bus_.reset();
  return posix_error(-code, "D-Bus: " + what);
}

}  // namespace caretaker::platform
