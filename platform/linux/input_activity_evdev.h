// When a key, a mouse, a touch pad or a touch screen of this machine was last used. The kernel keeps the events for us until we
// look, with the time of each: nothing has to wake up while somebody types. (Time stamps of the files in /dev/input never change.)
#pragma once

#include <map>
#include <optional>
#include <string>

#include "platform/base/clock.h"
#include "platform/files.h"

namespace caretaker::platform {

class InputActivity {
 public:
  // Since the last call or before; nullopt: no such device can be read here. The first call counts as use: nothing is known of
  // the time before.
  [[nodiscard]] std::optional<MonotonicMs> last_input(MonotonicMs now);

 private:
  struct Device {
    OpenFile file;
    bool has_touch = false;
  };
  void find_new_devices(MonotonicMs now);

  std::map<std::string, Device> devices_;
  MonotonicMs last_ = 0;
};

}  // namespace caretaker::platform
