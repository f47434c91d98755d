// One epoll loop; level-triggered, so that a peer gets one read or write a round and nobody is served twice before
// somebody else who waits.
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <vector>

#include "platform/base/log.h"
#include "platform/linux/control_frames_unix.h"
#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

constexpr std::uint64_t kListenerId = 0;
constexpr std::uint64_t kWakeId = 1, kAlarmId = 2;
constexpr int kAcceptsPerRound = 32;  // so that newcomers without end delay nobody who is in

struct Connection {
  OpenFile socket;
  Peer peer;
  FrameReader reader;
  FrameWriter answer;    // done when there is nothing to send
  OpenFile answer_file;  // goes with the answer's first byte
  MonotonicMs last_active = 0;
  MonotonicMs deadline = INT64_MAX;  // of the frame or the answer under way
};

}  // namespace

struct ControlServer::State {
  OpenFile epoll;
  OpenFile listener;
  OpenFile wake;
  OpenFile alarm;  // ends a wait; a machine's sleep is a part of it, which it is not of epoll's own
  ControlLimits limits;
  std::map<std::uint64_t, Connection> connections;
  std::uint64_t next_id = kAlarmId + 1;

  [[nodiscard]] Status watch(int fd, std::uint64_t id, std::uint32_t events, int operation) const;
  [[nodiscard]] int wait_ms(int timeout_ms) const;
  [[nodiscard]] Status set_alarm(int wait_ms) const;
  void close_overdue();
  void accept_some();
  void admit(OpenFile socket);
  void serve(std::uint64_t id, const Handler& handler);
  [[nodiscard]] Result<bool> advance(std::uint64_t id, Connection& connection, const Handler& handler);
  [[nodiscard]] Result<bool> send_answer(std::uint64_t id, Connection& connection);
};

Status ControlServer::State::watch(int fd, std::uint64_t id, std::uint32_t events, int operation) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (::epoll_ctl(epoll.fd(), operation, fd, &event) != 0) return posix_error(errno, "epoll");
  return ok();
}

// The caller's time limit, or the next deadline of a peer.
int ControlServer::State::wait_ms(int timeout_ms) const {
  MonotonicMs next = INT64_MAX;
  for (const auto& [id, connection] : connections) next = std::min(next, connection.deadline);
  if (next == INT64_MAX) return timeout_ms;
  const MonotonicMs left = std::clamp<MonotonicMs>(next - system_clock().monotonic_ms(), 0, INT32_MAX);
  return timeout_ms < 0 ? static_cast<int>(left) : std::min(timeout_ms, static_cast<int>(left));
}

Status ControlServer::State::set_alarm(int wait_ms) const {
  itimerspec when{};  // none
  if (wait_ms > 0) when.it_value = {wait_ms / 1000, wait_ms % 1000 * 1'000'000L};
  if (::timerfd_settime(alarm.fd(), 0, &when, nullptr) != 0) return posix_error(errno, "set an alarm");
  return ok();
}

void ControlServer::State::close_overdue() {
  const MonotonicMs now = system_clock().monotonic_ms();
  std::erase_if(connections, [now](const auto& entry) { return entry.second.deadline <= now; });
}

void ControlServer::State::accept_some() {
  for (int i = 0; i < kAcceptsPerRound; ++i) {
    OpenFile socket(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.is_open()) {
      admit(std::move(socket));
    } else if (errno == EMFILE || errno == ENFILE) {
      // Without a free number the newcomer would stay in the queue and keep this loop busy: make room.
      if (connections.empty()) return;
      connections.erase(connections.begin());
    } else {
      return;
    }
  }
}

void ControlServer::State::admit(OpenFile socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket.fd(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return;
  std::vector<Place> places;
  for (const auto& [id, connection] : connections) places.push_back({id, connection.peer.uid, connection.last_active});
  if (const auto leaving = decide_eviction(places, credentials.uid, limits)) connections.erase(*leaving);
  if (!watch(socket.fd(), next_id, EPOLLIN, EPOLL_CTL_ADD)) return;
  Connection& added = connections[next_id++];
  added.socket = std::move(socket);
  added.peer = {credentials.uid, credentials.pid};
  added.last_active = system_clock().monotonic_ms();
}

Result<bool> ControlServer::State::send_answer(std::uint64_t id, Connection& connection) {
  TRY(progress, connection.answer.write_some(connection.socket.fd(), connection.answer_file.fd()));
  const bool whole = progress == FrameProgress::kWhole;
  if (whole) {
    connection.answer_file = OpenFile();
    connection.deadline = INT64_MAX;
  }
  TRY_DONE(watch(connection.socket.fd(), id, whole ? EPOLLIN : EPOLLOUT, EPOLL_CTL_MOD));
  return true;
}

// One step of one peer; false when he has gone.
Result<bool> ControlServer::State::advance(std::uint64_t id, Connection& connection, const Handler& handler) {
  const MonotonicMs now = system_clock().monotonic_ms();
  connection.last_active = now;
  if (!connection.answer.is_done()) return send_answer(id, connection);
  const bool is_first = !connection.reader.has_begun();
  TRY(progress, connection.reader.read_some(connection.socket.fd()));
  if (progress == FrameProgress::kClosed) return false;
  if (is_first && connection.reader.has_begun()) connection.deadline = now + limits.frame_ms;
  if (progress == FrameProgress::kMore) return true;
  ControlFrame answer = handler(connection.peer, connection.reader.take());
  if (answer.bytes.size() > kMaxControlFrame)
    return make_error(ErrorCode::kInternal, "an answer over the limit of a frame");
  connection.answer = FrameWriter(answer.bytes);
  connection.answer_file = std::move(answer.file);
  connection.deadline = system_clock().monotonic_ms() + limits.frame_ms;
  return send_answer(id, connection);
}

void ControlServer::State::serve(std::uint64_t id, const Handler& handler) {
  const auto found = connections.find(id);
  if (found == connections.end()) return;  // lost its place in this very round
  const auto stays = advance(id, found->second, handler);
  if (!stays) {
    log_debug("control", "connection of user " + std::to_string(found->second.peer.uid) + ": " + stays.error().message);
  }
  if (!stays.value_or(false)) connections.erase(found);
}

ControlServer::ControlServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
ControlServer::ControlServer(ControlServer&&) noexcept = default;
ControlServer& ControlServer::operator=(ControlServer&&) noexcept = default;
ControlServer::~ControlServer() = default;

Result<ControlServer> ControlServer::listen(const std::filesystem::path& socket, unsigned mode,
                                            const ControlLimits& limits) {
  auto state = std::make_unique<State>();
  state->limits = limits;
  state->epoll = OpenFile(::epoll_create1(EPOLL_CLOEXEC));
  state->wake = OpenFile(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  state->alarm = OpenFile(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!state->epoll.is_open() || !state->wake.is_open() || !state->alarm.is_open()) return posix_error(errno, "epoll");
  TRY(listener, make_control_socket());
  TRY_DONE(bind_control_socket(listener.fd(), socket, mode));
  state->listener = std::move(listener);
  TRY_DONE(state->watch(state->listener.fd(), kListenerId, EPOLLIN, EPOLL_CTL_ADD));
  TRY_DONE(state->watch(state->wake.fd(), kWakeId, EPOLLIN, EPOLL_CTL_ADD));
  TRY_DONE(state->watch(state->alarm.fd(), kAlarmId, EPOLLIN, EPOLL_CTL_ADD));
  return ControlServer(std::move(state));
}

Status ControlServer::serve_once(const Handler& handler, int timeout_ms) {
  epoll_event events[64];
  const int wait_ms = state_->wait_ms(timeout_ms);
  TRY_DONE(state_->set_alarm(wait_ms));
  const int count = ::epoll_wait(state_->epoll.fd(), events, 64, wait_ms == 0 ? 0 : -1);
  if (count < 0 && errno != EINTR) return posix_error(errno, "wait for callers");
  bool has_newcomers = false;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t id = events[i].data.u64;
    std::uint64_t wakes = 0;
    if (id == kListenerId)
      has_newcomers = true;
    else if (id != kWakeId && id != kAlarmId)
      state_->serve(id, handler);
    else if (::read((id == kWakeId ? state_->wake : state_->alarm).fd(), &wakes, sizeof wakes) < 0)
      continue;  // taken by an earlier round
  }
  state_->close_overdue();
  if (has_newcomers) state_->accept_some();  // last: those who are in go before those who push in
  return ok();
}

void ControlServer::wake() const {
  const std::uint64_t one = 1;
  if (::write(state_->wake.fd(), &one, sizeof one) < 0) return;  // full: it is awake already
}

}  // namespace caretaker::platform
