// The request to end, as the service manager or a person at the terminal makes it. Port: SIGTERM and SIGINT on Linux.
#pragma once

#include <functional>
#include <memory>

#include "platform/base/result.h"

namespace caretaker::platform {

// At most one in a process, made in main before other threads. While it lives, the first request is noticed here; a
// second one ends the process at once, so that a shutdown that hangs can be ended. Also ignores SIGPIPE: a peer that
// has gone is an error of the write, not the end of the process.
class StopSignal {
 public:
  // on_stop is called once, on a thread of its own, when a stop has been asked for: it wakes the loops that then ask
  // requested(). kConflict: there is one already.
  [[nodiscard]] static Result<StopSignal> install(std::function<void()> on_stop);
  StopSignal(StopSignal&&) noexcept;
  StopSignal& operator=(StopSignal&&) = delete;
  ~StopSignal();
  [[nodiscard]] bool requested() const;  // any thread
  void wait() const;                     // until requested(); any thread

 private:
  struct State;
  explicit StopSignal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace caretaker::platform
