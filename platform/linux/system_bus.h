// A connection to the system's D-Bus, made when it is first needed and anew when it broke. Calls on it have a short time limit.
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <string>

#include "platform/base/result.h"

namespace caretaker::platform {

struct FreeBusMessage {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using BusMessage = std::unique_ptr<sd_bus_message, FreeBusMessage>;

class SystemBus {
 public:
  [[nodiscard]] Result<sd_bus*> connection();
  // `code` as sd-bus returns it: below 0. `what` was tried.
  [[nodiscard]] Error failure(int code, const std::string& what);

 private:
  struct CloseBus {
    void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
  };
  std::unique_ptr<sd_bus, CloseBus> bus_;
};

}  // namespace caretaker::platform
