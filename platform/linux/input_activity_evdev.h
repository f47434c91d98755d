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
  // Takes in what was typed and moved since the last call. The first call counts as use: nothing is known of the time before.
  void look(MonotonicMs now);
  // As of the last look; nullopt: no device of this seat can be read here.
  [[nodiscard]] std::optional<MonotonicMs> last_input(const std::string& seat) const;

 private:
  struct Device {
    OpenFile file;
    bool has_touch = false;
    bool was_use = true;  // what it told last
    std::string seat;
  };
  // `loginctl attach` moves a device while it is plugged in.
  void follow_seats(MonotonicMs now);
  void find_new_devices(MonotonicMs now);

  std::map<std::string, Device> devices_;
  std::map<std::string, MonotonicMs> last_;  // by seat
};

}  // namespace caretaker::platform
