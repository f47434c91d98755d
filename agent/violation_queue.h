// Violations on their way from the DNS thread to the thread that talks to the guard. Bounded: what finds no room is
// counted, and the count goes along with the next group.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "agent/control_net.h"

namespace caretaker::agent {

class ViolationQueue {
 public:
  explicit ViolationQueue(std::size_t capacity) : capacity_(capacity) {}
  // Any thread; never waits for anything but another push or take.
  void push(Violation violation);
  // The oldest ones, at most kMaxReported, under a new id; waits at most `timeout` for one. Without any: an empty report.
  [[nodiscard]] WebReport take(std::chrono::milliseconds timeout);
  // So many are not to be had any more: said with the next report. Any thread.
  void add_lost(std::uint32_t count);
  // A take() that waits, now or the next, returns.
  void wake();
  // take() does not wait any more.
  void close();

 private:
  std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Violation> waiting_;
  std::uint32_t lost_ = 0;
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace caretaker::agent
