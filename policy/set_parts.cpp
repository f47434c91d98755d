#include "policy/set_parts.h"

#include <algorithm>

#include "platform/base/crypto.h"

namespace caretaker::policy {

std::uint64_t part_check(const SetSalt& salt, std::uint64_t number, ByteView part) {
  SetSalt key = salt;
  for (std::size_t i = 0; i < sizeof number; ++i) key[i] ^= static_cast<std::uint8_t>(number >> (8 * i));
  return siphash(key, part);
}

void append_part_checks(Bytes& file, const SetSalt& salt) {
  const std::uint64_t size = file.size();
  ByteWriter checks;
  for (std::uint64_t part = 0; part < parts_of(size); ++part) {
    const auto bytes = ByteView(file).subspan(part * kPartSize);
    checks.u64(part_check(salt, part, bytes.first(std::min<std::uint64_t>(bytes.size(), kPartSize))));
  }
  file.insert(file.end(), checks.bytes().begin(), checks.bytes().end());
}

SetParts::SetParts(Read read, const SetSalt& salt, std::uint64_t size, std::vector<std::uint64_t> checks)
    : read_(std::move(read)), salt_(salt), size_(size), checks_(std::move(checks)),
      known_(std::make_unique<std::atomic<Known>[]>(checks_.size())), damaged_(std::make_unique<std::atomic<bool>>(false)) {}

bool SetParts::compare(std::uint64_t part) const {
  std::array<std::uint8_t, kPartSize> room;
  const auto bytes = std::span(room).first(std::min(kPartSize, size_ - part * kPartSize));
  const bool good = read_(part * kPartSize, bytes) && part_check(salt_, part, bytes) == checks_[part];
  if (!good) damaged_->store(true, std::memory_order_relaxed);
  known_[part].store(good ? Known::kGood : Known::kDamaged, std::memory_order_relaxed);
  return good;
}

Status SetParts::compare_range(std::uint64_t begin, std::uint64_t end) const {
  for (std::uint64_t part = begin; part < end; ++part) {
    if (!compare(part)) return make_error(ErrorCode::kDamaged, "set file: a part is not what its check value says");
  }
  return ok();
}

void SetParts::forget() const {
  if (!known_) return;
  for (std::uint64_t part = 0; part < count(); ++part) known_[part].store(Known::kNothing, std::memory_order_relaxed);
  damaged_->store(false, std::memory_order_relaxed);
}

}  // namespace caretaker::policy
