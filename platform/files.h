// Files as the operating system keeps them. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <utility>

#include "platform/base/bytes.h"
#include "platform/base/result.h"

namespace caretaker::platform {

// The whole file; kNotFound where there is none, kTooLarge over max_bytes, kPermissionDenied, kUnavailable.
[[nodiscard]] Result<Bytes> read_file(const std::filesystem::path& path, std::size_t max_bytes);

// kNotFound where there is none.
[[nodiscard]] Result<std::uint64_t> file_size(const std::filesystem::path& path);

// Puts `bytes` in place of the file durably and at once: a reader, or a power cut, sees the old file or the new one
// (temporary file beside it, fsync, rename, fsync of the folder). kFull when there is no space. mode: as chmod.
[[nodiscard]] Status replace_file(const std::filesystem::path& path, ByteView bytes, unsigned mode);

// Gone durably; a file that is not there is fine.
[[nodiscard]] Status remove_file(const std::filesystem::path& path);

// Overwrites part of a file where it lies, durably: unlike replace_file() it leaves no old copy in the free space, as
// far as file system and disk write in place. The file is there already and is not made longer.
[[nodiscard]] Status overwrite_file(const std::filesystem::path& path, std::uint64_t offset, ByteView bytes);

// Fills `into` from the file, leaving no copy elsewhere in memory: for secrets. kNotFound; kDamaged: the file is too
// short.
[[nodiscard]] Status read_part(const std::filesystem::path& path, std::uint64_t offset, std::span<std::uint8_t> into);

// Another name, durably, in place of a file that may be there; both on one file system.
[[nodiscard]] Status rename_file(const std::filesystem::path& from, const std::filesystem::path& to);

// The names in it are on the disk as they are seen, also where who changed them was killed before he could see to it. kNotFound.
[[nodiscard]] Status sync_folder(const std::filesystem::path& folder);

// mkdir -p with this mode for what is made.
[[nodiscard]] Status make_folder(const std::filesystem::path& path, unsigned mode);

// Reserves `bytes` of real disk in a file (posix_fallocate), so that deleting it gives them back. kFull if it cannot.
[[nodiscard]] Status make_ballast(const std::filesystem::path& path, std::uint64_t bytes);

[[nodiscard]] Result<std::uint64_t> free_bytes(const std::filesystem::path& folder);

// An open file descriptor that closes itself.
class OpenFile {
 public:
  OpenFile() = default;
  explicit OpenFile(int fd) : fd_(fd) {}
  OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OpenFile& operator=(OpenFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OpenFile();
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};
[[nodiscard]] Result<OpenFile> open_read_only(const std::filesystem::path& path);

// Fills `into` from that place of the file: kDamaged where it has become too short, kUnavailable where the disk cannot read it. Keeps
// the file open.
using FileReader = std::function<Status(std::uint64_t offset, std::span<std::uint8_t> into)>;
[[nodiscard]] FileReader make_file_reader(OpenFile file);

// Copies exactly `size` bytes of a file that somebody else holds, and may change meanwhile, durably into `to`. Only a
// regular file on the file system of `to` is read: one on a file system of the giver's own making could hold the reader
// for ever. kInvalidInput: not such a file, or of another size. What was copied before an error is removed.
[[nodiscard]] Status copy_file(const OpenFile& from, const std::filesystem::path& to, std::uint64_t size,
                               unsigned mode);

// One process at a time: an advisory lock held as long as the OpenFile lives. kConflict when another holds it.
[[nodiscard]] Result<OpenFile> lock_file(const std::filesystem::path& path);

// A file mapped read-only. The bytes stay valid as long as this lives. Who touches some that the disk cannot give any more, or that
// the file has lost since, is ended by a signal (SIGBUS): a FileReader gives an error, and right after it the bytes can be touched.
class MappedFile {
 public:
  [[nodiscard]] static Result<MappedFile> map(const OpenFile& file);
  MappedFile(MappedFile&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~MappedFile();
  [[nodiscard]] ByteView bytes() const { return {static_cast<const std::uint8_t*>(data_), size_}; }

 private:
  MappedFile(void* data, std::size_t size) : data_(data), size_(size) {}
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace caretaker::platform
