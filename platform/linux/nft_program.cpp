#include "platform/linux/nft_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "platform/files.h"
#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

constexpr const char* kNft = "/usr/sbin/nft";
constexpr std::size_t kMaxComplaint = 512;

// A file in memory: neither side has to wait for the other.
Result<OpenFile> file_with(std::string_view text) {
  OpenFile file(::memfd_create("nft", MFD_CLOEXEC));
  if (!file.is_open()) return posix_error(errno, "memory for nft");
  if (::write(file.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return posix_error(errno, "memory for nft");
  if (::lseek(file.fd(), 0, SEEK_SET) != 0) return posix_error(errno, "memory for nft");
  return file;
}

std::string first_complaint(const OpenFile& file) {
  std::array<char, kMaxComplaint> text;
  const ssize_t got = ::pread(file.fd(), text.data(), text.size(), 0);
  const std::string out(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return out.substr(0, out.find('\n'));
}

}  // namespace

Status run_nft(std::string_view text) {
  TRY(input, file_with(text));
  TRY(complaints, file_with(""));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input.fd(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, complaints.fd(), STDERR_FILENO);
  std::array<char, 4> name = {"nft"};
  std::array<char, 3> from = {"-f"};
  std::array<char, 2> standard = {"-"};
  std::array<char*, 4> arguments = {name.data(), from.data(), standard.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  pid_t child = -1;
  const int failed = ::posix_spawn(&child, kNft, &actions, nullptr, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return posix_error(failed, kNft);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return posix_error(errno, kNft);
  }
  if (status != 0) return make_error(ErrorCode::kInvalidInput, "nft: " + first_complaint(complaints));
  return ok();
}

}  // namespace caretaker::platform
