// Whether the filter answers: one question with a known answer, asked as any program would. One thread.
#pragma once

#include <algorithm>

#include "platform/base/clock.h"
#include "platform/sockets.h"

namespace caretaker::agent {

class FilterProbe {
 public:
  FilterProbe(platform::Endpoint filter, const Clock& clock) : filter_(filter), clock_(clock) {}
  // Waits at most `timeout_ms`. An answer that says that there is no policy is none.
  [[nodiscard]] bool works(int timeout_ms);

 private:
  const platform::Endpoint filter_;
  const Clock& clock_;
  std::uint16_t id_ = 0;
};

}  // namespace caretaker::agent
