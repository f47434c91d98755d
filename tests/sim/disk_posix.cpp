// The system calls of platform/linux/files_posix.cpp and file_copy_posix.cpp, which the linker brings here (--wrap): on
// the simulated disks below /sim/, else to the system. So the product's own order of writing, syncing and renaming is
// what is tried.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <map>

#include "tests/sim/disk.h"

using caretaker::sim::Disk;
using caretaker::sim::FilePtr;

namespace {

constexpr int kFirst = 1 << 20;  // of the simulated descriptors

struct Open {
  Disk* disk = nullptr;
  FilePtr file;        // nullptr: a folder
  std::string path;
  std::uint64_t at = 0;
};

std::map<int, Open>& open_files() {
  static std::map<int, Open> all;
  return all;
}

std::map<void*, caretaker::Bytes>& mappings() {
  static std::map<void*, caretaker::Bytes> all;
  return all;
}

Open* simulated(int fd) {
  const auto found = open_files().find(fd);
  return found == open_files().end() ? nullptr : &found->second;
}

int result(int error) {
  errno = error;
  return error == 0 ? 0 : -1;
}

int open_simulated(Disk& disk, const char* path, int flags) {
  Open open{&disk, nullptr, path};
  if ((flags & O_DIRECTORY) == 0) {
    if (const int error = disk.open(path, (flags & O_CREAT) != 0, open.file)) return result(error);
    if ((flags & O_TRUNC) != 0 && !open.file->bytes.empty()) {
      if (const int error = disk.resize(*open.file, 0)) return result(error);
    }
  }
  int fd = kFirst;
  while (open_files().contains(fd)) ++fd;
  open_files()[fd] = std::move(open);
  return fd;
}

int describe(const Disk& disk, const FilePtr& file, struct stat* out) {
  std::uint64_t size = 0;
  if (const int error = disk.size(*file, size)) return result(error);
  *out = {};
  out->st_mode = S_IFREG | 0600;
  out->st_size = static_cast<off_t>(size);
  return 0;
}

ssize_t read_at(const Open& open, void* out, std::size_t size, std::uint64_t at) {
  std::size_t got = 0;
  const int error = open.disk->read(*open.file, at, {static_cast<std::uint8_t*>(out), size}, got);
  return error == 0 ? static_cast<ssize_t>(got) : result(error);
}

}  // namespace

extern "C" {

int __real_open(const char* path, int flags, ...);
int __real_close(int fd);
ssize_t __real_read(int fd, void* out, std::size_t size);
ssize_t __real_pread(int fd, void* out, std::size_t size, off_t at);
ssize_t __real_write(int fd, const void* in, std::size_t size);
off_t __real_lseek(int fd, off_t at, int from);
int __real_fsync(int fd);
int __real_fchmod(int fd, mode_t mode);
int __real_fstat(int fd, struct stat* out);
int __real_stat(const char* path, struct stat* out);
int __real_statvfs(const char* path, struct statvfs* out);
int __real_mkdir(const char* path, mode_t mode);
int __real_rename(const char* from, const char* to);
int __real_unlink(const char* path);
int __real_posix_fallocate(int fd, off_t at, off_t size);
int __real_flock(int fd, int how);
void* __real_mmap(void* at, std::size_t size, int how, int flags, int fd, off_t from);
int __real_munmap(void* at, std::size_t size);

int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = static_cast<mode_t>((flags & O_CREAT) != 0 ? va_arg(rest, int) : 0);
  va_end(rest);
  Disk* disk = Disk::of(path);
  return disk == nullptr ? __real_open(path, flags, mode) : open_simulated(*disk, path, flags);
}

int __wrap_close(int fd) {
  return open_files().erase(fd) == 1 ? 0 : __real_close(fd);
}

ssize_t __wrap_read(int fd, void* out, std::size_t size) {
  Open* open = simulated(fd);
  if (open == nullptr) return __real_read(fd, out, size);
  const ssize_t got = read_at(*open, out, size, open->at);
  if (got > 0) open->at += static_cast<std::uint64_t>(got);
  return got;
}

ssize_t __wrap_pread(int fd, void* out, std::size_t size, off_t at) {
  const Open* open = simulated(fd);
  return open == nullptr ? __real_pread(fd, out, size, at) : read_at(*open, out, size, static_cast<std::uint64_t>(at));
}

ssize_t __wrap_write(int fd, const void* in, std::size_t size) {
  Open* open = simulated(fd);
  if (open == nullptr) return __real_write(fd, in, size);
  if (const int error = open->disk->write(*open->file, open->at, {static_cast<const std::uint8_t*>(in), size})) return result(error);
  open->at += size;
  return static_cast<ssize_t>(size);
}

off_t __wrap_lseek(int fd, off_t at, int from) {
  Open* open = simulated(fd);
  if (open == nullptr || from != SEEK_SET) return __real_lseek(fd, at, from);
  open->at = static_cast<std::uint64_t>(at);
  return at;
}

int __wrap_fsync(int fd) {
  const Open* open = simulated(fd);
  if (open == nullptr) return __real_fsync(fd);
  return result(open->file ? open->disk->sync(*open->file) : open->disk->sync_folder(open->path));
}

int __wrap_fchmod(int fd, mode_t mode) {
  return simulated(fd) == nullptr ? __real_fchmod(fd, mode) : 0;
}

int __wrap_fstat(int fd, struct stat* out) {
  const Open* open = simulated(fd);
  return open == nullptr || !open->file ? __real_fstat(fd, out) : describe(*open->disk, open->file, out);
}

int __wrap_stat(const char* path, struct stat* out) {
  const Disk* disk = Disk::of(path);
  if (disk == nullptr) return __real_stat(path, out);
  if (disk->is_root(path) && !disk->is_dead()) {
    *out = {};
    out->st_mode = S_IFDIR | 0700;
    return 0;
  }
  FilePtr file;
  if (const int error = disk->find(path, file)) return result(error);
  return describe(*disk, file, out);
}

int __wrap_statvfs(const char* path, struct statvfs* out) {
  const Disk* disk = Disk::of(path);
  if (disk == nullptr) return __real_statvfs(path, out);
  if (disk->is_dead()) return result(EIO);
  *out = {};
  out->f_frsize = 1;
  out->f_bavail = disk->free_bytes();
  return 0;
}

int __wrap_mkdir(const char* path, mode_t mode) {
  return Disk::of(path) == nullptr ? __real_mkdir(path, mode) : 0;
}

int __wrap_rename(const char* from, const char* to) {
  Disk* disk = Disk::of(from);
  return disk == nullptr ? __real_rename(from, to) : result(disk->rename(from, to));
}

int __wrap_unlink(const char* path) {
  Disk* disk = Disk::of(path);
  return disk == nullptr ? __real_unlink(path) : result(disk->unlink(path));
}

int __wrap_posix_fallocate(int fd, off_t at, off_t size) {
  const Open* open = simulated(fd);
  return open == nullptr ? __real_posix_fallocate(fd, at, size) : open->disk->resize(*open->file, static_cast<std::uint64_t>(at + size));
}

int __wrap_flock(int fd, int how) {
  return simulated(fd) == nullptr ? __real_flock(fd, how) : 0;
}

void* __wrap_mmap(void* at, std::size_t size, int how, int flags, int fd, off_t from) {
  const Open* open = simulated(fd);
  if (open == nullptr || !open->file) return __real_mmap(at, size, how, flags, fd, from);
  caretaker::Bytes copy = open->file->bytes;
  void* data = copy.data();
  mappings()[data] = std::move(copy);
  return data;
}

// Piece by piece, as a large one is let go of; the copy goes with the last of them.
int __wrap_munmap(void* at, std::size_t size) {
  const auto* const first = static_cast<std::uint8_t*>(at);
  for (auto mapping = mappings().begin(); mapping != mappings().end(); ++mapping) {
    const auto* const begin = mapping->second.data();
    const auto* const end = begin + mapping->second.size();
    if (first < begin || first >= end) continue;
    if (first + size >= end) mappings().erase(mapping);
    return 0;
  }
  return __real_munmap(at, size);
}

}  // extern "C"
