// The thread of caretaker-net that belongs to the guard: violations go up as soon as they come, a new filter comes down. Apart from
// the thread that talks to the server, which may wait for half a minute.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>

#include "agent/filter.h"
#include "agent/guard_client.h"
#include "agent/violation_queue.h"

namespace caretaker::agent {

// From what the guard gave; the set file is the guard's own, verified by it.
[[nodiscard]] Result<FilterPtr> make_filter(GuardClient::FilterFile given);

class GuardLink {
 public:
  struct Hooks {
    std::function<void(FilterPtr)> on_filter;  // to be decided with from now on
    std::function<void()> on_urgent;           // the school should hear soon
    std::function<Status(GuardClient&)> tell = nullptr;  // with each look at the guard: what it should know of the caller
  };
  GuardLink(std::filesystem::path socket, ViolationQueue& queue, Hooks hooks)
      : socket_(std::move(socket)), queue_(queue), hooks_(std::move(hooks)) {}

  // Until stop(). While the guard is away the filter stays as it is and violations wait in the queue.
  void run();
  // Any thread. What is queued still goes up, if the guard answers.
  void stop();

 private:
  [[nodiscard]] Status step();
  [[nodiscard]] Status update_filter();
  [[nodiscard]] Status tell_damage();
  [[nodiscard]] Status send_group();

  std::filesystem::path socket_;
  ViolationQueue& queue_;
  Hooks hooks_;
  std::atomic<bool> stopping_ = false;
  std::optional<GuardClient> guard_;
  Revision revision_{};          // of the filter that the guard gave last; none, when it has none any more
  FilterPtr filter_;             // in use
  FilterPtr before_;             // no longer: let go of here, because to unmap a set takes milliseconds, in which others wait for answers
  bool told_damage_ = false;     // of its set file
  WebReport group_;              // taken from the queue and not yet acknowledged
  bool drained_ = false;         // the queue was empty when it was last looked at
  MonotonicMs next_look_ = 0;    // for a new filter
};

}  // namespace caretaker::agent
