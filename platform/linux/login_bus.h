// Calls to logind over the system bus.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "platform/linux/system_bus.h"

namespace caretaker::platform {

class LoginBus {
 public:
  explicit LoginBus(SystemBus& bus) : bus_(bus) {}

  struct Listed {
    std::string id;
    std::uint32_t uid = 0;
    std::string path;
  };
  [[nodiscard]] Result<std::vector<Listed>> sessions();
  // Users whose programs ask that the screen stays on: idle inhibitors in mode "block".
  [[nodiscard]] Result<std::vector<std::uint32_t>> idle_inhibitors();

  // What logind says of a session, as far as it is text or yes and no. One call: each wakes us, logind and the bus.
  class Properties {
   public:
    // kUnavailable: it does not say.
    [[nodiscard]] Result<std::string> text(const char* name) const;
    [[nodiscard]] Result<bool> flag(const char* name) const;

   private:
    friend class LoginBus;
    std::map<std::string, std::string> texts_;
    std::map<std::string, bool> flags_;
  };
  [[nodiscard]] Result<Properties> properties(const std::string& path);

  [[nodiscard]] Status lock(const std::string& session);
  [[nodiscard]] Status terminate(const std::string& session);
  [[nodiscard]] Status switch_to(const std::string& seat, std::uint32_t terminal);
  [[nodiscard]] Status power_off();

 private:
  [[nodiscard]] Result<BusMessage> call_manager(const char* method, const char* types, const char* text);

  SystemBus& bus_;
};

}  // namespace caretaker::platform
