#include "platform/service_host.h"

#include <systemd/sd-daemon.h>

#include <algorithm>

#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

// The environment is left as it is: nothing is started from here that could answer in our place.
Status notify(const char* state) {
  const int done = ::sd_notify(0, state);
  if (done < 0) return posix_error(-done, "tell the service manager");
  return ok();
}

}  // namespace

ServiceHost::ServiceHost(const Clock& clock) : clock_(clock) {
  std::uint64_t limit_us = 0;
  if (::sd_watchdog_enabled(0, &limit_us) > 0) every_ms_ = std::max<MonotonicMs>(static_cast<MonotonicMs>(limit_us / 3000), 1);
}

Status ServiceHost::ready() { return notify("READY=1"); }

Status ServiceHost::alive() {
  if (every_ms_ == 0 || clock_.monotonic_ms() < due_) return ok();
  due_ = clock_.monotonic_ms() + every_ms_;
  return notify("WATCHDOG=1");
}

int ServiceHost::bounded_wait_ms(int wanted_ms) const {
  if (every_ms_ == 0) return wanted_ms;
  const auto left = static_cast<int>(std::clamp<MonotonicMs>(due_ - clock_.monotonic_ms(), 0, every_ms_));
  return wanted_ms < 0 ? left : std::min(wanted_ms, left);
}

}  // namespace caretaker::platform
