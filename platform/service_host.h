// The service manager that started us, if one did. Port: sd_notify(3) on Linux.
#pragma once

#include "platform/base/clock.h"
#include "platform/base/result.h"

namespace caretaker::platform {

// One thread. Where no manager asks for it, every call does nothing and is ok.
class ServiceHost {
 public:
  // Whether a manager watches over this process, and how closely, is read here. `clock` outlives this.
  explicit ServiceHost(const Clock& clock);

  // From now on requests are answered. kUnavailable: the manager cannot be told.
  [[nodiscard]] Status ready();
  // The loop that matters went round once more; call it as often as it does. The manager is told three times in the time
  // after which it would end us.
  [[nodiscard]] Status alive();
  // How long that loop may wait: `wanted_ms` (-1: without limit), or less so that the next alive() comes in time.
  [[nodiscard]] int bounded_wait_ms(int wanted_ms) const;

 private:
  const Clock& clock_;
  MonotonicMs every_ms_ = 0;  // 0: nobody watches
  MonotonicMs due_ = 0;
};

}  // namespace caretaker::platform
