#include "platform/linux/eraser_luks.h"

#include <fcntl.h>
#include <libcryptsetup.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "platform/base/expand.h"
#include "platform/files.h"
#include "platform/linux/device_region.h"
#include "platform/linux/posix_error.h"
#include "platform/linux/volume_luks.h"

namespace caretaker::platform {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::size_t kPiece = 1u << 20;
constexpr std::size_t kAlignment = 4096;
using CryptDevice = std::unique_ptr<crypt_device, decltype(&::crypt_free)>;

Result<CryptDevice> load(const std::filesystem::path& node) {
  ::crypt_set_log_callback(nullptr, [](int, const char*, void*) {}, nullptr);
  crypt_device* raw = nullptr;
  if (const int failed = ::crypt_init(&raw, node.c_str()); failed < 0) return posix_error(-failed, "open " + node.string());
  CryptDevice device(raw, &::crypt_free);
  if (::crypt_load(raw, CRYPT_LUKS, nullptr) < 0) return make_error(ErrorCode::kNotFound, node.string() + ": no LUKS header");
  return device;
}

bool is_active(crypt_device* device, int slot) {
  const auto state = ::crypt_keyslot_status(device, slot);
  return state == CRYPT_SLOT_ACTIVE || state == CRYPT_SLOT_ACTIVE_LAST || state == CRYPT_SLOT_UNBOUND;
}

template <typename Visit>
void for_each_slot(crypt_device* device, const Visit& visit) {
  const int count = ::crypt_keyslot_max(::crypt_get_type(device));
  for (int slot = 0; slot < count; ++slot) {
    if (is_active(device, slot)) visit(slot);
  }
}

// Memory that the kernel reads from and writes to without its cache.
class Piece {
 public:
  Piece() : data_(static_cast<std::uint8_t*>(std::aligned_alloc(kAlignment, kPiece)), &std::free) {}
  [[nodiscard]] std::uint8_t* data() const { return data_.get(); }

 private:
  std::unique_ptr<std::uint8_t, decltype(&std::free)> data_;
};

// The cache of a mounted or mapped device may hold an older page: what counts is read past it, where the file system lets us.
Result<OpenFile> open_uncached(const std::filesystem::path& node, int flags) {
  OpenFile file(::open(node.c_str(), flags | O_DIRECT | O_CLOEXEC));
  if (file.is_open() || errno != EINVAL) return file.is_open() ? Result<OpenFile>(std::move(file)) : posix_error(errno, "open " + node.string());
  OpenFile cached(::open(node.c_str(), flags | O_CLOEXEC));
  if (!cached.is_open()) return posix_error(errno, "open " + node.string());
  return cached;
}

// What is written over a header: the same bytes for each place, so that they can be told apart from anything else when they are read
// back; random-looking, so that no disk stores them as a hole.
void fill(std::uint8_t* piece, std::uint64_t offset) {
  expand(hash(as_bytes("caretaker overwritten " + std::to_string(offset))), {piece, kPiece});
}

template <typename Step>
Status for_each_piece(std::uint64_t size, const Step& step) {
  for (std::uint64_t offset = 0; offset < size; offset += kPiece) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, size - offset));
    TRY_DONE(step(offset, (length + kSector - 1) / kSector * kSector));
  }
  return ok();
}

Status overwrite(const std::filesystem::path& node, std::uint64_t size) {
  TRY(file, open_uncached(node, O_WRONLY | O_SYNC));
  const Piece piece;
  TRY_DONE(for_each_piece(size, [&](std::uint64_t offset, std::size_t length) -> Status {
    fill(piece.data(), offset);
    const auto written = ::pwrite(file.fd(), piece.data(), length, static_cast<off_t>(offset));
    if (written != static_cast<ssize_t>(length)) return posix_error(written < 0 ? errno : EIO, "overwrite " + node.string());
    return ok();
  }));
  if (::fsync(file.fd()) != 0) return posix_error(errno, "sync " + node.string());
  (void)::ioctl(file.fd(), BLKFLSBUF, 0);  // a plain file has no such buffers
  return ok();
}

}  // namespace

Result<LuksHeader> find_luks_header(const std::filesystem::path& node) {
  TRY(device, load(node));
  LuksHeader header;
  header.uuid = ::crypt_get_uuid(device.get()) == nullptr ? "" : ::crypt_get_uuid(device.get());
  header.size = ::crypt_get_data_offset(device.get()) * kSector;
  for_each_slot(device.get(), [&](int) { ++header.key_slots; });
  const OpenFile file(::open(node.c_str(), O_RDONLY | O_CLOEXEC));
  const auto region = whole_device(file.fd());
  header.is_encrypted = region && inspect_luks(*region).encryption == Encryption::kEncrypted;
  return header;
}

// A slot that cannot be destroyed in the orderly way is overwritten with the rest.
Status destroy_luks(const WipePermit&, const std::filesystem::path& node, std::uint64_t size) {
  if (auto device = load(node)) {
    for_each_slot(device->get(), [&](int slot) { (void)::crypt_keyslot_destroy(device->get(), slot); });
  }
  return overwrite(node, size);
}

Status verify_luks_destroyed(const std::filesystem::path& node, std::uint64_t size) {
  TRY(file, open_uncached(node, O_RDONLY));
  const Piece expected, found;
  TRY_DONE(for_each_piece(size, [&](std::uint64_t offset, std::size_t length) -> Status {
    fill(expected.data(), offset);
    const auto got = ::pread(file.fd(), found.data(), length, static_cast<off_t>(offset));
    if (got != static_cast<ssize_t>(length)) return posix_error(got < 0 ? errno : EIO, "read back " + node.string());
    if (std::equal(found.data(), found.data() + length, expected.data())) return ok();
    return make_error(ErrorCode::kDamaged, node.string() + ": something else lies at " + std::to_string(offset));
  }));
  if (find_luks_header(node)) return make_error(ErrorCode::kDamaged, node.string() + ": a header can still be read");
  return ok();
}

}  // namespace caretaker::platform
