// Looks at a volume in a process that has nothing to lose.
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>
#include <csignal>

#include "platform/base/clock.h"
#include "platform/base/crypto.h"
#include "platform/linux/posix_error.h"
#include "platform/volume_inspector.h"

namespace caretaker::platform {
namespace {

constexpr uid_t kNobody = 65534;
constexpr std::size_t kMaxAnswer = 4096;
constexpr std::size_t kMostDying = 8;

VolumeContent gave_up(std::string reason) { return {Encryption::kUnknown, "", std::move(reason), ""}; }

struct Child {
  pid_t pid = -1;
  OpenFile answer;
};

Result<Child> start_child(const std::filesystem::path& program, const OpenFile& device) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return posix_error(errno, "pipe");
  Child child{-1, OpenFile(ends[0])};
  const OpenFile writing(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, device.fd(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, writing.fd(), STDOUT_FILENO);
  std::string name = program;
  std::array<char*, 2> arguments = {name.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  const int failed = ::posix_spawn(&child.pid, program.c_str(), &actions, nullptr, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return posix_error(failed, "start the inspection");
  return child;
}

// Until the child closes its end, or the time is over.
Result<std::string> read_answer(const OpenFile& pipe, MonotonicMs end) {
  std::string answer;
  for (;;) {
    const MonotonicMs left = end - system_clock().monotonic_ms();
    pollfd waiting{pipe.fd(), POLLIN, 0};
    const int ready = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return make_error(ErrorCode::kUnavailable, "no answer in time");
    std::array<char, kMaxAnswer> piece;
    const ssize_t got = ::read(pipe.fd(), piece.data(), piece.size());
    if (got < 0) return posix_error(errno, "read an answer");
    if (got == 0) return answer;
    answer.append(piece.data(), static_cast<std::size_t>(got));
    if (answer.size() > kMaxAnswer) return make_error(ErrorCode::kTooLarge, "an answer that is too long");
  }
}

// Those that were killed and have not died yet; asked after with each volume. One thread looks at volumes.
std::vector<pid_t>& dying() {
  thread_local std::vector<pid_t> children;
  std::erase_if(children, [](pid_t child) { return ::waitpid(child, nullptr, WNOHANG) != 0; });
  return children;
}

// One that hangs in the device dies only when the device answers: it is not waited for longer than this.
void end_child(pid_t child) {
  ::kill(child, SIGKILL);
  for (int i = 0; i < 20; ++i) {
    if (::waitpid(child, nullptr, WNOHANG) != 0) return;
    ::poll(nullptr, 0, 50);
  }
  dying().push_back(child);
}

// Whether it has ended as it should, in time: one that was broken into can close its end and stay.
bool has_ended_well(pid_t child, MonotonicMs end) {
  for (int pause_ms = 1;; pause_ms = std::min(pause_ms * 2, 50)) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) != 0) return status == 0;
    if (system_clock().monotonic_ms() >= end) break;
    ::poll(nullptr, 0, pause_ms);
  }
  end_child(child);
  return false;
}

Status drop_rights() {
  if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setresgid(kNobody, kNobody, kNobody) != 0 ||
                           ::setresuid(kNobody, kNobody, kNobody) != 0)) {
    return posix_error(errno, "give up root");
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return posix_error(errno, "give up rights");
  return ok();
}

}  // namespace

VolumeContent inspect_apart(const std::filesystem::path& program, const std::filesystem::path& node, int limit_ms) {
  const OpenFile device(::open(node.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  if (!device.is_open()) return gave_up("unreadable");
  if (dying().size() >= kMostDying) return gave_up("gave-up");  // of the processes that the service may have, others need some
  const auto child = start_child(program, device);
  if (!child) return gave_up("gave-up");
  const MonotonicMs end = system_clock().monotonic_ms() + limit_ms;
  const auto answer = read_answer(child->answer, end);
  if (!answer) {
    end_child(child->pid);
    return gave_up("gave-up");
  }
  const auto content = parse_content_text(*answer);
  return has_ended_well(child->pid, end) && content ? *content : gave_up("gave-up");
}

Status serve_inspection() {
  TRY_DONE(drop_rights());
  TRY_DONE(crypto_ready());
  const OpenFile device(::dup(STDIN_FILENO));
  const std::string answer = make_content_text(inspect_volume(device));
  if (::write(STDOUT_FILENO, answer.data(), answer.size()) != static_cast<ssize_t>(answer.size())) {
    return posix_error(errno, "answer");
  }
  return ok();
}

}  // namespace caretaker::platform
