// What the service manager starts for us: outside our own sandbox, with rights of its own.
#pragma once

#include <cstdint>
#include <vector>

#include "platform/linux/system_bus.h"

namespace caretaker::platform {

class UnitBus {
 public:
  explicit UnitBus(SystemBus& bus) : bus_(bus) {}

  // Each says only that it was asked for.
  [[nodiscard]] Status start(const char* unit) { return ask("StartUnit", unit); }
  [[nodiscard]] Status restart(const char* unit) { return ask("RestartUnit", unit); }
  [[nodiscard]] Status stop(const char* unit) { return ask("StopUnit", unit); }
  // A short command as root among the system's own mounts, with this of root's powers and none other.
  [[nodiscard]] Status run_as_root(std::uint64_t capabilities, const std::vector<std::string>& command);
  // A short command as this user, in a sandbox, on the user's session bus; what it prints goes to the terminal ("tty3"; empty: the journal).
  [[nodiscard]] Status run_as(std::uint32_t uid, const std::string& terminal, const std::vector<std::string>& command);

 private:
  [[nodiscard]] Result<BusMessage> new_call(const char* method);
  [[nodiscard]] Status ask(const char* method, const char* unit);
  [[nodiscard]] Status send(const BusMessage& call, const std::string& what);

  SystemBus& bus_;
  unsigned count_ = 0;
};

}  // namespace caretaker::platform
