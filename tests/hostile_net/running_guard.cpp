#include "tests/hostile_net/running_guard.h"

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

extern char** environ;

namespace caretaker::agent {
namespace {

constexpr std::uint32_t kOtherUser = 64'999;

}  // namespace

RunningGuard::RunningGuard(const SigningRoom& room, ByteView set) {
  own_uid_ = ::geteuid();
  net_uid_ = own_uid_ == 0 ? kOtherUser : own_uid_;
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  const std::string socket = folder_ / "guard.sock";
  pid_ = spawn(socket);
  for (int i = 0; i < 500 && !GuardClient::connect(socket); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  REQUIRE(is_running());
  enrol(room, set);
}

RunningGuard::~RunningGuard() {
  if (!is_running()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

pid_t RunningGuard::spawn(const std::string& socket) const {
  const std::string state = folder_ / "state";
  const std::string uid = std::to_string(net_uid_);
  std::array<const char*, 8> arguments = {CARETAKERD, "--state", state.c_str(), "--socket", socket.c_str(),
                                          "--net-uid", uid.c_str(), nullptr};
  pid_t pid = 0;
  REQUIRE(::posix_spawn(&pid, CARETAKERD, nullptr, nullptr, const_cast<char**>(arguments.data()), environ) == 0);
  return pid;
}

int RunningGuard::second_guard() const {
  int status = -1;
  ::waitpid(spawn(folder_ / "second.sock"), &status, 0);
  return WEXITSTATUS(status);
}

bool RunningGuard::is_running() const { return pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == 0; }

int RunningGuard::stop() {
  int status = -1;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, &status, 0);
  pid_ = 0;
  return status;
}

template <typename Make>
auto RunningGuard::as_user(std::uint32_t uid, Make make) const {
  if (uid != own_uid_) REQUIRE(::seteuid(uid) == 0);
  auto made = make();
  if (uid != own_uid_) REQUIRE(::seteuid(own_uid_) == 0);
  return made;
}

GuardClient RunningGuard::as_net() const {
  return must(as_user(net_uid_, [this] { return GuardClient::connect(folder_ / "guard.sock"); }));
}

GuardClient RunningGuard::as_owner() const { return must(GuardClient::connect(folder_ / "guard.sock")); }

platform::ControlClient RunningGuard::raw_as_net() const {
  return must(as_user(net_uid_, [this] { return platform::ControlClient::connect(folder_ / "guard.sock"); }));
}

platform::OpenFile RunningGuard::socket_as_net() const {
  return as_user(net_uid_, [this] {
    platform::OpenFile file(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder_ / "guard.sock";
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    REQUIRE(::connect(file.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return file;
  });
}

Result<Bytes> RunningGuard::offer(const platform::OpenFile& file) const {
  auto channel = raw_as_net();
  TRY(frame, channel.call(make_request(Ask::kOfferSet, {}), &file, 60'000));
  TRY(fields, parse_answer(frame.bytes));
  return to_bytes(fields);
}

void RunningGuard::enrol(const SigningRoom& room, ByteView set) const {
  GuardClient owner = as_owner();
  const Bytes request = must(owner.enrol_begin({room.token_text(), "hostile"}));
  sync::EnrolmentAnswer answer = room.certify(request);
  answer.policy = room.policy(1, kPolicyText);
  answer.lists = room.lists(1, set);
  must(owner.enrol_finish(answer));
  must(platform::replace_file(folder_ / "set", set, 0644));
  must(offer(must(platform::open_read_only(folder_ / "set"))));
}

std::uint64_t RunningGuard::bytes_on_disk() const {
  std::uint64_t sum = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "state")) {
    std::error_code gone;
    const auto size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
    if (!gone) sum += size;
  }
  return sum;
}

}  // namespace caretaker::agent
