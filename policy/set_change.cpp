#include "policy/set_change.h"

#include <array>
#include <bit>

#include "policy/set_content.h"
#include "policy/set_layout.h"

namespace caretaker::policy {
namespace {

// Counts by bit of `before`, and what `before` does not know by bit of `after`.
class ChangeCount {
 public:
  ChangeCount(const std::vector<Category>& before, const std::vector<Category>& after) : before_(before), after_(after) {
    for (const Category& category : after) {
      std::uint64_t bit = 0;
      for (std::size_t i = 0; i < before.size(); ++i) bit |= before[i].name == category.name ? std::uint64_t{1} << i : 0;
      as_before_.push_back(bit);
    }
  }
  // One name's categories in the one and in the other; 0: it does not stand there.
  void note(std::uint64_t had, std::uint64_t has) {
    std::uint64_t known = 0;
    std::uint64_t is_new = 0;
    for (std::uint64_t rest = has; rest != 0; rest &= rest - 1) {
      const auto at = static_cast<std::size_t>(std::countr_zero(rest));
      if (at < as_before_.size() && as_before_[at] != 0) known |= as_before_[at];
      else is_new |= std::uint64_t{1} << at;
    }
    if (known == had && is_new == 0) return;
    ++names_;
    count(known ^ had, changed_);
    count(is_new, added_);
  }
  [[nodiscard]] SetChange result() const {
    SetChange out;
    out.names = names_;
    name(before_, changed_, out);
    name(after_, added_, out);
    return out;
  }

 private:
  using Counts = std::array<std::uint64_t, 64>;
  static void count(std::uint64_t bits, Counts& counts) {
    for (; bits != 0; bits &= bits - 1) ++counts[static_cast<std::size_t>(std::countr_zero(bits))];
  }
  static void name(const std::vector<Category>& categories, const Counts& counts, SetChange& out) {
    for (std::size_t i = 0; i < categories.size() && i < counts.size(); ++i) {
      if (counts[i] > 0) out.categories[categories[i].name] += counts[i];
    }
  }

  const std::vector<Category>& before_;
  const std::vector<Category>& after_;
  std::vector<std::uint64_t> as_before_;  // bit of `after` -> bit of `before`; 0: not known there
  std::uint64_t names_ = 0;
  Counts changed_{};
  Counts added_{};
};

SetChange everything(const SetView& before, const SetView& after) {
  SetChange out;
  out.names = before.size() + after.size();
  for (const SetView* set : {&before, &after}) {
    for (const Category& category : set->categories()) out.categories[category.name] += category.names;
  }
  return out;
}

}  // namespace

SetChange ContentWalk::compare(const SetView& before, const SetView& after) {
  if (before.salt_ != after.salt_) return everything(before, after);
  ChangeCount count(before.categories_, after.categories_);
  for (std::size_t bucket = 0; bucket + 1 < kIndexSize; ++bucket) {
    std::uint64_t a = before.index_at(bucket);
    std::uint64_t b = after.index_at(bucket);
    const std::uint64_t a_end = before.index_at(bucket + 1);
    const std::uint64_t b_end = after.index_at(bucket + 1);
    while (a < a_end || b < b_end) {
      const std::uint64_t old_entry = a < a_end ? before.entry_at(a) : 0;
      const std::uint64_t new_entry = b < b_end ? after.entry_at(b) : 0;
      const bool takes_old = a < a_end && (b >= b_end || old_entry >> kSetBits <= new_entry >> kSetBits);
      const bool takes_new = b < b_end && (a >= a_end || new_entry >> kSetBits <= old_entry >> kSetBits);
      count.note(takes_old ? before.categories_in(old_entry) : 0, takes_new ? after.categories_in(new_entry) : 0);
      a += takes_old ? 1 : 0;
      b += takes_new ? 1 : 0;
    }
  }
  return count.result();
}

SetChange compare_sets(const SetView& before, const SetView& after) { return ContentWalk::compare(before, after); }

}  // namespace caretaker::policy
