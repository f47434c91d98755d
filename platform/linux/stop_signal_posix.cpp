// The handler only writes to an eventfd; a thread that reads it does the rest outside of signal context.
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "platform/files.h"
#include "platform/linux/posix_error.h"
#include "platform/stop_signal.h"

namespace caretaker::platform {
namespace {

std::atomic<int> event_fd{-1};  // what the handler writes to; -1 when there is no StopSignal
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int) {
  const int saved = errno;
  const std::uint64_t one = 1;
  if (const int fd = event_fd.load(); fd >= 0 && ::write(fd, &one, sizeof one) < 0) {
    // The counter is full only if a stop was noticed already.
  }
  errno = saved;
}

void set_handler(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

struct StopSignal::State {
  OpenFile event;
  std::function<void()> on_stop;
  std::atomic<bool> requested{false};
  std::atomic<bool> closing{false};
  std::thread watcher;

  void watch() {
    std::uint64_t count = 0;
    while (::read(event.fd(), &count, sizeof count) < 0 && errno == EINTR) {
    }
    if (closing) return;
    requested = true;
    requested.notify_all();
    on_stop();
  }
};

Result<StopSignal> StopSignal::install(std::function<void()> on_stop) {
  OpenFile event(::eventfd(0, EFD_CLOEXEC));
  if (!event.is_open()) return posix_error(errno, "eventfd");
  int none = -1;
  if (!event_fd.compare_exchange_strong(none, event.fd())) {
    return make_error(ErrorCode::kConflict, "stop signals are watched already");
  }
  auto state = std::make_unique<State>();
  state->event = std::move(event);
  state->on_stop = std::move(on_stop);
  state->watcher = std::thread([raw = state.get()] { raw->watch(); });
  set_handler(SIGTERM, on_signal, SA_RESTART | static_cast<int>(SA_RESETHAND));
  set_handler(SIGINT, on_signal, SA_RESTART | static_cast<int>(SA_RESETHAND));
  set_handler(SIGPIPE, SIG_IGN, 0);
  return StopSignal(std::move(state));
}

StopSignal::StopSignal(std::unique_ptr<State> state) : state_(std::move(state)) {}
StopSignal::StopSignal(StopSignal&&) noexcept = default;

StopSignal::~StopSignal() {
  if (!state_) return;
  set_handler(SIGTERM, SIG_DFL, 0);
  set_handler(SIGINT, SIG_DFL, 0);
  if (!state_->requested) state_->closing = true;
  on_signal(0);  // ends the watcher
  state_->watcher.join();
  event_fd = -1;
}

bool StopSignal::requested() const {
  return state_->requested;
}
void StopSignal::wait() const {
  state_->requested.wait(false);
}

}  // namespace caretaker::platform
