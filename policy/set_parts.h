// The check values of a set file's parts. A mapping shows what lies on the disk now: a page that the kernel has let go comes back as
// the disk gives it, and what somebody writes into the file is there at once. So each part is compared when something first
// touches it. It is read for that, since a sector that cannot be read is an error of a read, and the end of a process that touches it
// in a mapping. Any number of threads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "platform/base/bytes.h"
#include "platform/base/result.h"

namespace caretaker::policy {

inline constexpr std::uint64_t kPartSize = 16'384;
using SetSalt = std::array<std::uint8_t, 16>;

// SipHash-2-4 of a part, its number in the key: one that lies in another's place is not the one.
[[nodiscard]] std::uint64_t part_check(const SetSalt& salt, std::uint64_t number, ByteView part);
// The check values of all that is in `file`, behind it.
void append_part_checks(Bytes& file, const SetSalt& salt);
[[nodiscard]] inline std::uint64_t parts_of(std::uint64_t size) { return (size + kPartSize - 1) / kPartSize; }

class SetParts {
 public:
  // Fills `into` from that place of the file.
  using Read = std::function<Status(std::uint64_t offset, std::span<std::uint8_t> into)>;

  SetParts() = default;
  // The first `size` bytes of what is read are what the values belong to, parts_of(size) of them.
  SetParts(Read read, const SetSalt& salt, std::uint64_t size, std::vector<std::uint64_t> checks);

  [[nodiscard]] std::uint64_t count() const { return checks_.size(); }
  // Whether the parts that these bytes lie in were good when they were last compared; those that never were, are now.
  [[nodiscard]] bool are_good(std::uint64_t offset, std::uint64_t size) const {
    if (size == 0) return true;
    for (std::uint64_t part = offset / kPartSize; part <= (offset + size - 1) / kPartSize; ++part) {
      const auto known = known_[part].load(std::memory_order_relaxed);
      if (known != Known::kGood && (known == Known::kDamaged || !compare(part))) return false;
    }
    return true;
  }
  // Whatever was known of it.
  [[nodiscard]] bool compare(std::uint64_t part) const;
  // kDamaged: one of these is not good.
  [[nodiscard]] Status compare_range(std::uint64_t begin, std::uint64_t end) const;
  // All are compared again when they are next touched.
  void forget() const;
  // Whether one was found damaged since forget().
  [[nodiscard]] bool has_damage() const { return known_ && damaged_->load(std::memory_order_relaxed); }

 private:
  enum class Known : std::uint8_t { kNothing, kGood, kDamaged };

  Read read_;
  SetSalt salt_{};
  std::uint64_t size_ = 0;
  std::vector<std::uint64_t> checks_;
  std::unique_ptr<std::atomic<Known>[]> known_;
  std::unique_ptr<std::atomic<bool>> damaged_;
};

}  // namespace caretaker::policy
