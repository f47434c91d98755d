// What is known about how the machine itself is kept: a port finds it out, a rule judges it. Values only.
#pragma once

#include <optional>

#include "platform/base/clock.h"

namespace caretaker {

enum class DiskKeeping {  // the worst first
  kNotEncrypted,
  kUnknown,
  kEncrypted,  // but the keys that a wipe would destroy are not where they could be destroyed
  kWipeReady,  // encrypted, and the header with its keys lies on the same disk
};

// What becomes of a connection from outside that no rule expects.
enum class Firewall { kUnknown, kOff, kHalf, kOn };  // half: one of IPv4 and IPv6 is let in

struct PostureFacts {
  DiskKeeping disk = DiskKeeping::kUnknown;  // the worst of the system's disk and of those with people's files and with our state
  bool scanner = false;                      // a program that looks for viruses is installed
  std::optional<UnixSeconds> signatures;     // when its newest signatures were made
  Firewall firewall = Firewall::kUnknown;
  bool locker = false;  // a program that can lock a screen is installed
  bool locking_switched_off = false;  // an administrator's setting keeps desktops from locking
  std::optional<UnixSeconds> updates_asked;  // when what updates there are was last heard
  std::optional<UnixSeconds> restart_since;  // an update is installed, and in force only after a restart, which is due since then
};

}  // namespace caretaker
