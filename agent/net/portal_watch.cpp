#include "agent/net/portal_watch.h"

#include <utility>

#include "agent/guard_client.h"
#include "platform/base/log.h"

namespace caretaker::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPause{30'000};      // between two looks, whoever asks for them
constexpr milliseconds kServerMs{8'000};    // for the school's server to be reached, or not
constexpr int kLooksMore = 4;               // after the server was lost: the guard believes that only after a while
constexpr int kLooksForLogin = 20;          // until the page is gone: ten minutes are enough to log in

}  // namespace

void PortalWatch::stop() {
  const std::lock_guard lock(mutex_);
  stopping_.request_stop();
  changed_.notify_all();
}

void PortalWatch::on_question() {
  const std::lock_guard lock(mutex_);
  asked_ = true;
  changed_.notify_all();
}

void PortalWatch::on_unreachable() {
  const std::lock_guard lock(mutex_);
  unreachable_ = true;
  looks_more_ = kLooksMore;
  changed_.notify_all();
}

// False: stop.
bool PortalWatch::wait_for_reason() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return asked_ || unreachable_ || stopping_.stop_requested(); });
  asked_ = false;
  return !stopping_.stop_requested();
}

// A name is opened when the school's server is out of reach, and not because somebody answers for an address of nobody's: a
// school's own proxy may do that too. False: stop.
bool PortalWatch::wait_for_server() {
  std::unique_lock lock(mutex_);
  if (!unreachable_) {
    lock.unlock();
    hooks_.ask_server();
    lock.lock();
    changed_.wait_for(lock, kServerMs, [this] { return unreachable_ || stopping_.stop_requested(); });
  }
  return !stopping_.stop_requested();
}

std::optional<policy::PortalVerdict> PortalWatch::report(const std::string& host) {
  auto guard = GuardClient::connect(socket_);
  const auto verdict = guard ? guard->report_portal(host) : Result<policy::PortalVerdict>(guard.error());
  if (!verdict) {
    log_warning("net", "this network wants people to log in first, and the guard did not take it: " + verdict.error().message);
    return std::nullopt;
  }
  log_info("net", "this network wants people to log in first; its page: " + std::string(policy::portal_verdict_name(*verdict)));
  if (*verdict == policy::PortalVerdict::kOpen) {
    hooks_.on_login();
    hooks_.on_open();
  }
  return *verdict;
}

void PortalWatch::look() {
  const std::string host = find_portal(probe_, stopping_.get_token());
  if (host.empty()) {
    if (std::exchange(found_, 0) > 0) hooks_.on_login();
    return;
  }
  if (!wait_for_server()) return;
  const bool is_reached = report(host) == policy::PortalVerdict::kServerReached;
  found_ = is_reached ? 0 : found_ + 1;
  const std::lock_guard lock(mutex_);
  if (!is_reached) {
    asked_ |= found_ <= kLooksForLogin;
  } else if (looks_more_ > 0) {
    --looks_more_;
    asked_ = true;
  }
}

void PortalWatch::run() {
  while (wait_for_reason()) {
    look();
    std::unique_lock lock(mutex_);
    unreachable_ = false;  // what is heard from now on counts for the next look
    changed_.wait_for(lock, kPause, [this] { return stopping_.stop_requested(); });
  }
}

}  // namespace caretaker::agent
