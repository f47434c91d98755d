// Files by POSIX calls. Durability: data is synced before the name that points to it, the folder after.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "platform/files.h"
#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

namespace fs = std::filesystem;

// Of a file in one call: many a kernel lets nobody else have the core before a call is through.
constexpr std::size_t kAtOnce = 256u << 10;

Result<OpenFile> open_path(const fs::path& path, int flags, unsigned mode = 0) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return posix_error(errno, "open " + path.string());
  return OpenFile(fd);
}

Status sync_fd(int fd, const fs::path& path) {
  if (::fsync(fd) != 0) return posix_error(errno, "sync " + path.string());
  return ok();
}

Status sync_folder_of(const fs::path& path) {
  return sync_folder(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

Status write_all(int fd, ByteView bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), std::min(bytes.size(), kAtOnce));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return posix_error(errno, "write " + path.string());
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return ok();
}

// All of it; kDamaged: the file is too short.
Status read_fd(int fd, std::uint64_t offset, std::span<std::uint8_t> into, const fs::path& path) {
  while (!into.empty()) {
    const ssize_t got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return posix_error(errno, "read " + path.string());
    if (got == 0) return make_error(ErrorCode::kDamaged, path.string() + " is too short");
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return ok();
}

// The new content under its temporary name, on the disk but not yet in place.
Status write_temporary(const fs::path& path, ByteView bytes, unsigned mode) {
  TRY(file, open_path(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
  if (::fchmod(file.fd(), mode) != 0) return posix_error(errno, "chmod " + path.string());
  TRY_DONE(write_all(file.fd(), bytes, path));
  return sync_fd(file.fd(), path);
}

}  // namespace

OpenFile::~OpenFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Bytes> read_file(const fs::path& path, std::size_t max_bytes) {
  // Non-blocking: a FIFO put in the file's place must not hold the reader for ever.
  TRY(file, open_path(path, O_RDONLY | O_NONBLOCK));
  Bytes out;
  std::uint8_t buffer[65536];
  for (;;) {
    const ssize_t got = ::read(file.fd(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return posix_error(errno, "read " + path.string());
    if (got == 0) return out;
    if (static_cast<std::size_t>(got) > max_bytes - out.size()) {
      return make_error(ErrorCode::kTooLarge,
                        path.string() + " is longer than " + std::to_string(max_bytes) + " bytes");
    }
    out.insert(out.end(), buffer, buffer + got);
  }
}

Result<std::uint64_t> file_size(const fs::path& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return posix_error(errno, "size of " + path.string());
  return static_cast<std::uint64_t>(facts.st_size);
}

Status replace_file(const fs::path& path, ByteView bytes, unsigned mode) {
  fs::path temporary = path;
  temporary += ".new";
  auto written = write_temporary(temporary, bytes, mode);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = posix_error(errno, "rename to " + path.string());
  }
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return sync_folder_of(path);
}

Status overwrite_file(const fs::path& path, std::uint64_t offset, ByteView bytes) {
  TRY(file, open_path(path, O_WRONLY | O_NOFOLLOW));
  struct stat facts {};
  if (::fstat(file.fd(), &facts) != 0) return posix_error(errno, "size of " + path.string());
  if (offset + bytes.size() > static_cast<std::uint64_t>(facts.st_size)) {
    return make_error(ErrorCode::kDamaged, path.string() + " is too short");
  }
  if (::lseek(file.fd(), static_cast<off_t>(offset), SEEK_SET) < 0)
    return posix_error(errno, "seek in " + path.string());
  TRY_DONE(write_all(file.fd(), bytes, path));
  return sync_fd(file.fd(), path);
}

Status read_part(const fs::path& path, std::uint64_t offset, std::span<std::uint8_t> into) {
  TRY(file, open_path(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
  return read_fd(file.fd(), offset, into, path);
}

Status remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) != 0) {
    const int failed = errno;
    struct stat facts {};
    // On a disk that takes no changes the kernel does not say that there is nothing to remove.
    const bool is_gone = failed == ENOENT || (failed == EROFS && ::stat(path.c_str(), &facts) != 0 && errno == ENOENT);
    return is_gone ? ok() : Status(posix_error(failed, "remove " + path.string()));
  }
  return sync_folder_of(path);
}

Status sync_folder(const fs::path& folder) {
  TRY(open, open_path(folder, O_RDONLY | O_DIRECTORY));
  return sync_fd(open.fd(), folder);
}

Status rename_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return posix_error(errno, "rename " + from.string() + " to " + to.string());
  }
  return sync_folder_of(to);
}

Status make_folder(const fs::path& path, unsigned mode) {
  if (path.empty()) return ok();
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0) {
    if (S_ISDIR(facts.st_mode)) return ok();
    return make_error(ErrorCode::kConflict, path.string() + " is there and is not a folder");
  }
  if (path.has_parent_path() && path.parent_path() != path) TRY_DONE(make_folder(path.parent_path(), mode));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return posix_error(errno, "make folder " + path.string());
  return ok();
}

Status make_ballast(const fs::path& path, std::uint64_t bytes) {
  TRY(file, open_path(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600));
  // The call returns the error instead of setting errno.
  const int failed = ::posix_fallocate(file.fd(), 0, static_cast<off_t>(bytes));
  if (failed == 0) return sync_fd(file.fd(), path);
  ::unlink(path.c_str());
  return posix_error(failed, "reserve " + std::to_string(bytes) + " bytes in " + path.string());
}

Result<std::uint64_t> free_bytes(const fs::path& folder) {
  struct statvfs facts {};
  if (::statvfs(folder.c_str(), &facts) != 0) return posix_error(errno, "free space of " + folder.string());
  return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

Result<OpenFile> open_read_only(const fs::path& path) {
  return open_path(path, O_RDONLY | O_NONBLOCK);
}

FileReader make_file_reader(OpenFile file) {
  return [file = std::make_shared<OpenFile>(std::move(file))](std::uint64_t offset, std::span<std::uint8_t> into) {
    return read_fd(file->fd(), offset, into, "an open file");
  };
}

Result<OpenFile> lock_file(const fs::path& path) {
  auto opened = open_path(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  // On a disk that takes nothing any more, the file that is there still keeps others out.
  if (!opened && opened.error().code == ErrorCode::kPermissionDenied) {
    if (auto readable = open_path(path, O_RDONLY | O_NOFOLLOW)) opened = std::move(readable);
  }
  TRY(file, std::move(opened));
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK) return make_error(ErrorCode::kConflict, path.string() + " is held by another process");
  return posix_error(errno, "lock " + path.string());
}

Result<MappedFile> MappedFile::map(const OpenFile& file) {
  struct stat facts {};
  if (::fstat(file.fd(), &facts) != 0) return posix_error(errno, "file to map");
  if (!S_ISREG(facts.st_mode)) return make_error(ErrorCode::kInvalidInput, "only a regular file can be mapped");
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (size == 0) return MappedFile(nullptr, 0);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd(), 0);
  if (data == MAP_FAILED) return posix_error(errno, "map a file");
  return MappedFile(data, size);
}

MappedFile::~MappedFile() {
  auto* const begin = static_cast<std::uint8_t*>(data_);
  for (std::size_t at = 0; at < size_; at += kAtOnce) ::munmap(begin + at, std::min(kAtOnce, size_ - at));
}

}  // namespace caretaker::platform
