// The packet filter of the machine, as far as it is ours. Port: nftables on Linux, which needs CAP_NET_ADMIN. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "platform/base/gate_rules.h"
#include "platform/base/result.h"
#include "platform/gate_text.h"

namespace caretaker::platform {

class Gate {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Gate>> open();
  virtual ~Gate() = default;

  // All of the rules at once, in the place of what was there; the old ones stay where the new ones are refused.
  [[nodiscard]] virtual Status apply(const GateRules& rules) = 0;
  // Whether what was applied is still there, whole. Errors: nobody could tell.
  [[nodiscard]] virtual Result<bool> is_intact() = 0;
  // What was refused since the last call.
  [[nodiscard]] virtual Result<std::vector<GateTry>> take_attempts() = 0;
  [[nodiscard]] virtual Status remove() = 0;
  // True when somebody, ourselves included, changed the packet filter; false after `timeout_ms`, and after end_wait().
  [[nodiscard]] virtual bool wait_for_change(int timeout_ms) = 0;
  virtual void end_wait() = 0;  // any thread
};

}  // namespace caretaker::platform
