// fanotify(7), permission events of files that are opened to be run.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "platform/base/log.h"
#include "platform/files.h"
#include "platform/linux/posix_error.h"
#include "platform/linux/program_file.h"
#include "platform/linux/program_marks.h"
#include "platform/program_gate.h"

namespace caretaker::platform {
namespace {

constexpr int kRounds = 64;               // of reading, before the loop looks around
constexpr MonotonicMs kLoaderMs = 10'000;  // from a program to its loader: only the reading of its first page lies between
constexpr std::size_t kMaxExpecting = 4096;
constexpr MonotonicMs kRoundsMs = 500;     // likewise

struct Held {
  OpenFile file;
  std::int32_t thread = 0;
  MonotonicMs until = 0;
};

}  // namespace

struct ProgramGate::State {
  OpenFile listener;
  OpenFile wakes;
  std::optional<ProgramMarks> marks;
  MonotonicMs patience = 0;
  BroughtFileSystems brought;
  std::uint32_t overdue = 0;
  bool has_changes = false;  // of mounts, that are not followed yet

  std::mutex mutex;  // of what follows
  std::map<std::uint64_t, Held> held;
  std::uint64_t next_ticket = 1;
  std::unordered_map<std::int32_t, MonotonicMs> expecting;  // threads whose loader comes next; not that of one that was refused

  void respond(int fd, bool may_run) const;
  [[nodiscard]] ProgramFacts find_facts(int fd, std::int32_t thread, MonotonicMs now);
  [[nodiscard]] bool takes_as_loader(std::int32_t thread, MonotonicMs now);
  void handle(OpenFile file, std::int32_t thread, const Handler& handler);
  [[nodiscard]] Result<bool> read_some(const Handler& handler, const Beat& beat);
  void let_overdue_run();
  [[nodiscard]] int wait_ms(int timeout_ms);
};

void ProgramGate::State::respond(int fd, bool may_run) const {
  const fanotify_response response{fd, may_run ? FAN_ALLOW : static_cast<std::uint32_t>(FAN_DENY)};
  if (::write(listener.fd(), &response, sizeof response) < 0) return;  // its process is gone: nobody waits any more
}

// The kernel opens a program and then, in the same thread, the loader that it names; a loader that nothing came before is the program itself.
bool ProgramGate::State::takes_as_loader(std::int32_t thread, MonotonicMs now) {
  const auto found = expecting.find(thread);
  if (found == expecting.end()) return false;
  const bool in_time = now <= found->second;
  expecting.erase(found);
  return in_time;
}

ProgramFacts ProgramGate::State::find_facts(int fd, std::int32_t thread, MonotonicMs now) {
  struct stat found {};
  if (::fstat(fd, &found) != 0) return {UINT32_MAX, true, false, false};
  ProgramFacts facts;
  facts.owner = found.st_uid;
  facts.others_write = (found.st_mode & S_IWOTH) != 0 || ((found.st_mode & S_IWGRP) != 0 && found.st_gid != 0);
  facts.is_brought = brought.contains(fd, found.st_dev, now);
  const ProgramKind kind = kind_of_program(fd);
  const std::lock_guard lock(mutex);
  facts.is_loader = kind == ProgramKind::kLoader && !takes_as_loader(thread, now);
  if (kind == ProgramKind::kNamesLoader) {
    if (expecting.size() >= kMaxExpecting) std::erase_if(expecting, [now](const auto& entry) { return entry.second < now; });
    if (expecting.size() < kMaxExpecting) expecting[thread] = now + kLoaderMs;
  }
  return facts;
}

void ProgramGate::State::handle(OpenFile file, std::int32_t thread, const Handler& handler) {
  if (thread == ::getpid()) return respond(file.fd(), true);
  const MonotonicMs now = system_clock().monotonic_ms();
  const bool is_watched = marks->add_of(thread);
  ProgramStart start{0, std::nullopt, find_facts(file.fd(), thread, now), {}};
  ProgramFacts& facts = start.facts;
  facts.is_unwatched = !is_watched;
  if (facts.owner == 0 && !facts.others_write && !facts.is_brought && !facts.is_loader && is_watched) return respond(file.fd(), true);
  start.uid = real_uid_of(thread);
  start.name = file_name_of(file.fd());
  const int fd = file.fd();
  {
    // Before it is asked about: the answer may be there before we are back.
    const std::lock_guard lock(mutex);
    start.ticket = next_ticket++;
    held[start.ticket] = {std::move(file), thread, now + patience};
  }
  const StartVerdict verdict = handler(start);
  if (verdict == StartVerdict::kLater) return;
  const std::lock_guard lock(mutex);
  respond(fd, verdict == StartVerdict::kRun);
  held.erase(start.ticket);
  if (verdict == StartVerdict::kRefuse) expecting.erase(thread);
}

// False: nothing waits.
Result<bool> ProgramGate::State::read_some(const Handler& handler, const Beat& beat) {
  alignas(fanotify_event_metadata) std::array<char, 4096> room;
  ssize_t left = ::read(listener.fd(), room.data(), room.size());
  if (left < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (left < 0 && errno != EBADF && errno != EINVAL && errno != EFAULT) {
    // The file of one of them could not be opened here (no descriptor left, a server away): the kernel has refused that one.
    log_debug("programs", posix_error(errno, "a program that starts").message);
    return true;
  }
  if (left < 0) return posix_error(errno, "programs that start");
  for (auto* event = reinterpret_cast<fanotify_event_metadata*>(room.data()); FAN_EVENT_OK(event, left); event = FAN_EVENT_NEXT(event, left)) {
    if (event->vers != FANOTIFY_METADATA_VERSION) return make_error(ErrorCode::kUnsupported, "fanotify speaks another version");
    beat();
    if (event->fd >= 0 && (event->mask & FAN_OPEN_EXEC_PERM) != 0) handle(OpenFile(event->fd), event->pid, handler);
  }
  return true;
}

void ProgramGate::State::let_overdue_run() {
  const MonotonicMs now = system_clock().monotonic_ms();
  const std::lock_guard lock(mutex);
  for (auto one = held.begin(); one != held.end();) {
    if (one->second.until > now) {
      ++one;
      continue;
    }
    respond(one->second.file.fd(), true);
    ++overdue;
    one = held.erase(one);
  }
}

int ProgramGate::State::wait_ms(int timeout_ms) {
  const std::lock_guard lock(mutex);
  MonotonicMs next = marks->next_look();
  for (const auto& [ticket, one] : held) next = std::min(next, one.until);
  if (next == INT64_MAX) return timeout_ms;
  const auto left = static_cast<int>(std::clamp<MonotonicMs>(next - system_clock().monotonic_ms(), 0, patience));
  return timeout_ms < 0 ? left : std::min(left, timeout_ms);
}

ProgramGate::ProgramGate(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProgramGate::ProgramGate(ProgramGate&&) noexcept = default;
ProgramGate& ProgramGate::operator=(ProgramGate&&) noexcept = default;
ProgramGate::~ProgramGate() = default;

Result<ProgramGate> ProgramGate::open(MonotonicMs patience_ms, const std::vector<std::filesystem::path>& only) {
  auto state = std::make_unique<State>();
  state->patience = patience_ms;
  state->listener = OpenFile(::fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | FAN_REPORT_TID,
                                             O_RDONLY | O_CLOEXEC | O_LARGEFILE));
  state->wakes = OpenFile(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!state->listener.is_open()) return posix_error(errno, "fanotify (needs CAP_SYS_ADMIN)");
  if (!state->wakes.is_open()) return posix_error(errno, "eventfd");
  TRY(marks, ProgramMarks::open(state->listener.fd(), only));
  state->marks.emplace(std::move(marks));
  return ProgramGate(std::move(state));
}

Status ProgramGate::serve_once(const Handler& handler, int timeout_ms, const Beat& beat) {
  State& state = *state_;
  std::vector<pollfd> waiting = {{state.listener.fd(), POLLIN, 0}, {state.wakes.fd(), POLLIN, 0}};
  state.marks->add_waits(waiting);
  const int ready = ::poll(waiting.data(), waiting.size(), state.has_changes ? 0 : state.wait_ms(timeout_ms));
  if (ready < 0 && errno != EINTR) return posix_error(errno, "wait for programs");
  beat();
  std::uint64_t wakes = 0;
  if (ready > 0) state.marks->take_changes(std::span(waiting).subspan(2));
  state.has_changes = state.marks->follow_changes(beat);
  if (ready > 0 && waiting[1].revents != 0 && ::read(state.wakes.fd(), &wakes, sizeof wakes) < 0) return ok();
  state.let_overdue_run();
  if (ready <= 0 || waiting[0].revents == 0) return ok();
  const MonotonicMs until = system_clock().monotonic_ms() + kRoundsMs;
  for (int i = 0; i < kRounds && system_clock().monotonic_ms() < until; ++i) {
    TRY(more, state.read_some(handler, beat));
    if (!more) break;
  }
  return ok();
}

void ProgramGate::close() {
  const std::lock_guard lock(state_->mutex);
  state_->held.clear();
  state_->listener = OpenFile();
}

void ProgramGate::answer(std::uint64_t ticket, bool may_run) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->held.find(ticket);
  if (found == state_->held.end()) return;
  state_->respond(found->second.file.fd(), may_run);
  if (!may_run) state_->expecting.erase(found->second.thread);
  state_->held.erase(found);
}

std::uint32_t ProgramGate::take_overdue() { return std::exchange(state_->overdue, 0); }

void ProgramGate::wake() const {
  const std::uint64_t one = 1;
  if (::write(state_->wakes.fd(), &one, sizeof one) < 0) return;  // full: it is awake already
}

}  // namespace caretaker::platform
