#include "agent/violation_queue.h"

#include "platform/base/count.h"

namespace caretaker::agent {

void ViolationQueue::push(Violation violation) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < capacity_) {
      waiting_.push_back(std::move(violation));
    } else {
      add_to_count(lost_, 1);
    }
  }
  changed_.notify_one();
}

WebReport ViolationQueue::take(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return closed_ || woken_ || !waiting_.empty(); });
  woken_ = false;
  WebReport report;
  report.id = random_array<16>();
  report.lost = std::exchange(lost_, 0);
  while (!waiting_.empty() && report.violations.size() < kMaxReported) {
    report.violations.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return report;
}

void ViolationQueue::add_lost(std::uint32_t count) {
  const std::lock_guard lock(mutex_);
  add_to_count(lost_, count);
}

void ViolationQueue::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void ViolationQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace caretaker::agent
