// A copy of a file that a less trusted process passed along: bounded, and never waiting for that process.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "platform/files.h"
#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

namespace fs = std::filesystem;

Status check_source(int from, int to, std::uint64_t size) {
  struct stat source {};
  struct stat target {};
  if (::fstat(from, &source) != 0 || ::fstat(to, &target) != 0) return posix_error(errno, "facts about a file to copy");
  if (!S_ISREG(source.st_mode)) return make_error(ErrorCode::kInvalidInput, "only a regular file is copied");
  if (source.st_dev != target.st_dev) {
    return make_error(ErrorCode::kInvalidInput, "the file to copy lies on another file system");
  }
  if (static_cast<std::uint64_t>(source.st_size) != size) {
    return make_error(ErrorCode::kInvalidInput, "the file to copy has " + std::to_string(source.st_size) +
                                                    " bytes, expected " + std::to_string(size));
  }
  return ok();
}

Status write_piece(int to, const std::uint8_t* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t done = ::write(to, bytes, size);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return posix_error(errno, "write a copy");
    bytes += done;
    size -= static_cast<std::size_t>(done);
  }
  return ok();
}

Status copy_bytes(int from, int to, std::uint64_t size) {
  std::array<std::uint8_t, 65536> buffer;
  for (std::uint64_t at = 0; at < size;) {
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), size - at);
    const ssize_t got = ::pread(from, buffer.data(), wanted, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return posix_error(errno, "read a file to copy");
    if (got == 0) return make_error(ErrorCode::kInvalidInput, "the file to copy became shorter meanwhile");
    TRY_DONE(write_piece(to, buffer.data(), static_cast<std::size_t>(got)));
    at += static_cast<std::uint64_t>(got);
  }
  return ok();
}

}  // namespace

Status copy_file(const OpenFile& from, const fs::path& to, std::uint64_t size, unsigned mode) {
  if (!from.is_open()) return make_error(ErrorCode::kInvalidInput, "no file was passed along");
  const OpenFile target(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!target.is_open()) return posix_error(errno, "open " + to.string());
  Status copied = check_source(from.fd(), target.fd(), size);
  if (copied) copied = copy_bytes(from.fd(), target.fd(), size);
  if (copied && (::fchmod(target.fd(), mode) != 0 || ::fsync(target.fd()) != 0)) {
    copied = posix_error(errno, "sync " + to.string());
  }
  if (!copied) ::unlink(to.c_str());
  return copied;
}

}  // namespace caretaker::platform
