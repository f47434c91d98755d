#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "platform/base/log.h"
#include "platform/program_gate.h"

namespace caretaker::platform {

struct HangGuard::State {
  MonotonicMs limit = 0;
  std::atomic<std::uint64_t> touched = 0;
  std::atomic<bool> resting = true;  // to false within the mutex
  std::mutex mutex;
  std::condition_variable begins, ends;  // two, so that each touch() after a rest wakes nobody who watches already
  bool ended = false;
  std::thread thread;

  void watch();
};

// Asleep it does not count: the machine may have been suspended, so only time in which this thread could run does.
void HangGuard::State::watch() {
  std::unique_lock lock(mutex);
  MonotonicMs hung = 0;
  std::uint64_t seen = touched;
  constexpr MonotonicMs kStepMs = 200;
  for (;;) {
    begins.wait(lock, [this] { return ended || !resting; });
    if (ends.wait_for(lock, std::chrono::milliseconds(kStepMs), [this] { return ended; })) return;
    const std::uint64_t now = touched;
    hung = now == seen && !resting ? hung + kStepMs : 0;
    seen = now;
    if (hung < limit) continue;
    log_error("programs", "the loop hangs: this process ends, and what waits for it runs");
    ::_exit(1);
  }
}

HangGuard::HangGuard(MonotonicMs limit_ms) : state_(std::make_unique<State>()) {
  state_->limit = limit_ms;
  state_->thread = std::thread([state = state_.get()] { state->watch(); });
}

HangGuard::~HangGuard() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ended = true;
  }
  state_->begins.notify_all();
  state_->ends.notify_all();
  state_->thread.join();
}

void HangGuard::touch() {
  ++state_->touched;
  if (!state_->resting) return;
  const std::lock_guard lock(state_->mutex);
  state_->resting = false;
  state_->begins.notify_all();
}

void HangGuard::rest() { state_->resting = true; }

}  // namespace caretaker::platform
