// What `caretaker status` says, for people and for programs. Pure.
#pragma once

#include <string>

#include "agent/control_user.h"
#include "platform/base/json.h"

namespace caretaker::agent {

// What every user of a monitored device is told.
[[nodiscard]] std::string show_status(const StatusAnswer& status);
[[nodiscard]] Json status_json(const StatusAnswer& status);

}  // namespace caretaker::agent
