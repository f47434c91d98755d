// make_set_delta(): what differs, coded.
#include <algorithm>
#include <map>

#include "policy/rice.h"
#include "policy/set_delta.h"
#include "policy/set_layout.h"
#include "policy/set_renumbering.h"

namespace caretaker::policy {
namespace {

struct Steps {
  std::vector<std::uint64_t> steps;
  std::vector<std::uint64_t> sets;  // a category set for each step
  std::uint64_t next = 0;

  void add(std::uint64_t at, std::uint64_t set) {
    steps.push_back(at - next);
    sets.push_back(set);
    next = at + 1;
  }
};

// Each distinct value once, the commonest first; and the values as places in that list.
struct Ranked {
  explicit Ranked(const std::vector<std::uint64_t>& values) {
    std::map<std::uint64_t, std::uint64_t> counts;
    for (const std::uint64_t value : values) ++counts[value];
    for (const auto& [value, count] : counts) list.push_back(value);
    std::ranges::stable_sort(list, [&](std::uint64_t a, std::uint64_t b) { return counts[a] > counts[b]; });
    std::map<std::uint64_t, std::uint64_t> place;
    for (std::size_t i = 0; i < list.size(); ++i) place[list[i]] = i;
    for (const std::uint64_t value : values) places.push_back(place[value]);
  }
  void write(ByteWriter& out) const {
    out.u16(static_cast<std::uint16_t>(list.size()));
    for (const std::uint64_t value : list) out.u16(static_cast<std::uint16_t>(value));
  }
  std::vector<std::uint64_t> list;
  std::vector<std::uint64_t> places;
};

void add_codes(RiceWriter& out, const Steps& steps, const Ranked& ranked, int step_bits, int place_bits) {
  for (std::size_t i = 0; i < steps.steps.size(); ++i) {
    out.add(steps.steps[i], step_bits);
    out.add(ranked.places[i], place_bits);
  }
}

}  // namespace

class DeltaMaker {
 public:
  DeltaMaker(const SetView& before, const SetView& after) : before_(before), after_(after) {
    const Renumbering renumbering(before.categories_, after.categories_);
    std::vector<bool> covered(after.sets_.size(), false);
    kept_.resize((before.sets_.size() + 7) / 8, 0);
    for (std::size_t i = 0; i < before.sets_.size(); ++i) {
      const std::uint64_t number = number_after(renumbering.renumbered(before.sets_[i]));
      after_of_.push_back(number);
      if (number == 0) continue;
      covered[number] = true;
      kept_[i / 8] = static_cast<std::uint8_t>(kept_[i / 8] | 1u << (i % 8));
    }
    for (std::size_t i = 1; i < after.sets_.size(); ++i) {
      if (!covered[i]) new_sets_.push_back(after.sets_[i]);
    }
  }

  void compare() {
    for (std::size_t bucket = 0; bucket + 1 < kIndexSize; ++bucket) compare_bucket(bucket);
  }

  [[nodiscard]] Bytes write() const {
    ByteWriter out;
    out.raw(as_bytes(kDeltaMagic));
    out.raw(after_.salt_);
    out.u32(static_cast<std::uint32_t>(after_.size_));
    out.u16(static_cast<std::uint16_t>(after_.categories_.size()));
    for (const Category& category : after_.categories_) {
      out.sized(category.name);
      out.u8(category.locked ? 1 : 0);
      out.u64(category.names);
    }
    out.u16(static_cast<std::uint16_t>(before_.sets_.size()));
    out.raw(kept_);
    out.u16(static_cast<std::uint16_t>(new_sets_.size()));
    for (const std::uint64_t bits : new_sets_) out.u64(bits);
    const Ranked fates(changed_.sets), kinds(added_.sets);
    fates.write(out);
    kinds.write(out);
    out.u32(static_cast<std::uint32_t>(changed_.steps.size()));
    out.u32(static_cast<std::uint32_t>(added_.steps.size()));
    const std::array<int, 4> bits{best_rice_bits(changed_.steps), best_rice_bits(fates.places), best_rice_bits(added_.steps),
                                  best_rice_bits(kinds.places)};
    for (const int k : bits) out.u8(static_cast<std::uint8_t>(k));
    RiceWriter codes;
    add_codes(codes, changed_, fates, bits[0], bits[1]);
    add_codes(codes, added_, kinds, bits[2], bits[3]);
    out.raw(std::move(codes).take());
    return std::move(out).take();
  }

 private:
  [[nodiscard]] std::uint64_t number_after(const std::optional<std::uint64_t>& bits) const {
    if (!bits || *bits == 0) return 0;
    const auto found = std::lower_bound(after_.sets_.begin(), after_.sets_.end(), *bits);
    return found != after_.sets_.end() && *found == *bits ? static_cast<std::uint64_t>(found - after_.sets_.begin()) : 0;
  }
  void compare_bucket(std::size_t bucket) {
    constexpr std::uint64_t kSetMask = (1u << kSetBits) - 1;
    std::uint64_t a = before_.index_at(bucket), b = after_.index_at(bucket);
    const std::uint64_t a_end = before_.index_at(bucket + 1), b_end = after_.index_at(bucket + 1);
    while (a < a_end || b < b_end) {
      const std::uint64_t old_entry = a < a_end ? before_.entry_at(a) : ~std::uint64_t{0};
      const std::uint64_t new_entry = b < b_end ? after_.entry_at(b) : ~std::uint64_t{0};
      const std::uint64_t old_key = a < a_end ? old_entry >> kSetBits : ~std::uint64_t{0};
      const std::uint64_t new_key = b < b_end ? new_entry >> kSetBits : ~std::uint64_t{0};
      if (old_key < new_key) {
        changed_.add(a++, 0);
        continue;
      }
      if (new_key < old_key) {
        added_.add(static_cast<std::uint64_t>(bucket) << kKeyBits | new_key, new_entry & kSetMask);
        ++b;
        continue;
      }
      const auto set = static_cast<std::size_t>(old_entry & kSetMask);
      if (set >= after_of_.size() || after_of_[set] != (new_entry & kSetMask)) changed_.add(a, new_entry & kSetMask);
      ++a;
      ++b;
    }
  }

  const SetView& before_;
  const SetView& after_;
  std::vector<std::uint64_t> after_of_;
  std::vector<std::uint64_t> new_sets_;
  Bytes kept_;
  Steps changed_;
  Steps added_;
};

Result<Bytes> make_set_delta(const SetView& before, const SetView& after) {
  if (!have_same_salt(before, after)) return make_error(ErrorCode::kUnsupported, "the two sets have different salts");
  DeltaMaker maker(before, after);
  maker.compare();
  return maker.write();
}

}  // namespace caretaker::policy
