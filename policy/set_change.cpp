#include "policy/set_change.h"

#include "policy/set_layout.h"
#include "policy/set_renumbering.h"

namespace caretaker::policy {

std::uint64_t changed_names(const SetView& before, const SetView& after) {
  if (before.salt_ != after.salt_) return before.size_ + after.size_;
  const Renumbering renumbering(after.categories_, before.categories_);
  std::uint64_t changed = 0;
  for (std::size_t bucket = 0; bucket + 1 < kIndexSize; ++bucket) {
    std::uint64_t a = before.index_at(bucket);
    std::uint64_t b = after.index_at(bucket);
    const std::uint64_t a_end = before.index_at(bucket + 1);
    const std::uint64_t b_end = after.index_at(bucket + 1);
    while (a < a_end && b < b_end) {
      const std::uint64_t old_entry = before.entry_at(a);
      const std::uint64_t new_entry = after.entry_at(b);
      const std::uint64_t old_key = old_entry >> kSetBits;
      const std::uint64_t new_key = new_entry >> kSetBits;
      const bool kept = old_key == new_key &&
                        renumbering.renumbered(after.categories_in(new_entry)) == before.categories_in(old_entry);
      changed += kept ? 0 : 1;
      a += old_key <= new_key ? 1 : 0;
      b += new_key <= old_key ? 1 : 0;
    }
    changed += (a_end - a) + (b_end - b);
  }
  return changed;
}

}  // namespace caretaker::policy
