#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "policy/categories.h"
#include "policy/set_file.h"
#include "policy/set_layout.h"

namespace caretaker::policy {
namespace {

// From the numbers in which categories were added to the order of their names.
class CategoryOrder {
 public:
  explicit CategoryOrder(const std::vector<Category>& categories) : by_name_(categories.size()) {
    std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
    std::ranges::sort(by_name_, {}, [&](std::size_t i) -> const std::string& { return categories[i].name; });
  }
  [[nodiscard]] const std::vector<std::size_t>& by_name() const { return by_name_; }
  [[nodiscard]] std::uint64_t translate(std::uint64_t bits) const {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < by_name_.size(); ++i) out |= (bits >> by_name_[i] & 1) << i;
    return out;
  }

 private:
  std::vector<std::size_t> by_name_;
};

struct SetUse {
  std::uint64_t in_order = 0;  // the same set with its categories in order of their names
  std::uint64_t names = 0;
  std::uint16_t number = 0;
};
using SetUses = std::map<std::uint64_t, SetUse>;  // by bits as they were added

// Numbers the sets in ascending order of their translated bits, from 1 on.
std::vector<std::uint64_t> number_sets(SetUses& uses, const CategoryOrder& order) {
  std::vector<std::uint64_t> sets = {0};
  for (auto& [bits, use] : uses) sets.push_back(use.in_order = order.translate(bits));
  std::ranges::sort(sets);
  for (auto& [bits, use] : uses) {
    use.number = static_cast<std::uint16_t>(std::ranges::lower_bound(sets, use.in_order) - sets.begin());
  }
  return sets;
}

Bytes make_header(std::uint64_t names, const std::array<std::uint8_t, 16>& salt, const std::vector<Category>& categories,
                  const CategoryOrder& order, const SetUses& uses, const std::vector<std::uint64_t>& sets) {
  ByteWriter out;
  out.raw(as_bytes(kSetMagic));
  out.u32(static_cast<std::uint32_t>(names));
  out.raw(salt);
  out.u16(static_cast<std::uint16_t>(categories.size()));
  for (const auto i : order.by_name()) {
    std::uint64_t count = 0;
    for (const auto& [bits, use] : uses) count += (bits >> i & 1) * use.names;
    out.sized(categories[i].name);
    out.u8(categories[i].locked ? 1 : 0);
    out.u64(count);
  }
  out.u16(static_cast<std::uint16_t>(sets.size()));
  for (const auto bits : sets) out.u64(bits);
  return std::move(out).take();
}

// Index and entries behind the header. Entries are in ascending order of their hashes.
template <typename Entries>
void append_entries(Bytes& file, const Entries& entries, const SetUses& uses) {
  constexpr auto kIndexBytes = kIndexSize * sizeof(std::uint32_t);
  const auto header_size = file.size();
  file.resize(header_size + kIndexBytes + entries.size() * kEntrySize);
  std::uint8_t* index = file.data() + header_size;
  std::uint8_t* out = index + kIndexBytes;
  std::size_t bucket = 0;
  const auto fill_index = [&](std::size_t up_to, std::size_t entry) {
    const auto number = static_cast<std::uint32_t>(entry);
    for (; bucket <= up_to; ++bucket) std::memcpy(index + bucket * sizeof number, &number, sizeof number);
  };
  for (std::size_t i = 0; i < entries.size(); ++i, out += kEntrySize) {
    fill_index(static_cast<std::size_t>(entries[i].hash >> kKeyBits), i);
    const auto packed = (entries[i].hash & kKeyMask) << kSetBits | uses.find(entries[i].categories)->second.number;
    std::memcpy(out, &packed, kEntrySize);
  }
  fill_index(kIndexSize - 1, entries.size());
}

}  // namespace

std::array<std::uint8_t, 16> set_salt(std::uint32_t number) {
  ByteWriter seed;
  seed.raw(as_bytes("caretaker lists salt v1"));
  seed.u32(number);
  const Hash hashed = hash(seed.bytes());
  std::array<std::uint8_t, 16> salt{};
  std::copy_n(hashed.begin(), salt.size(), salt.begin());
  return salt;
}

Result<int> SetBuilder::category(std::string_view name, bool locked) {
  if (!is_category_id(name)) {
    return make_error(ErrorCode::kInvalidInput, "\"" + std::string(name) + "\" cannot be a category: a-z, 0-9, _ and - only");
  }
  const auto found = std::ranges::find(categories_, name, &Category::name);
  locked = locked || is_locked_category(name);
  if (found != categories_.end()) {
    found->locked = found->locked || locked;
    return static_cast<int>(found - categories_.begin());
  }
  if (categories_.size() == kMaxCategories) return make_error(ErrorCode::kTooLarge, "more than 64 categories");
  categories_.push_back({std::string(name), locked, 0});
  return static_cast<int>(categories_.size() - 1);
}

void SetBuilder::add(std::string_view normalised_name, int category) {
  entries_.push_back({hash60(salt_, normalised_name), std::uint64_t{1} << category});
}

// One entry for each name, with all its categories.
void SetBuilder::merge_entries() {
  std::ranges::sort(entries_, {}, &Entry::hash);
  auto last = entries_.begin();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry == last) continue;
    if (entry->hash == last->hash) last->categories |= entry->categories;
    else *++last = *entry;
  }
  if (!entries_.empty()) entries_.erase(last + 1, entries_.end());
}

Result<Bytes> SetBuilder::build(const Progress& progress) {
  const auto cancelled = [&](int percent) { return progress && !progress(percent); };
  const auto stop = make_error(ErrorCode::kUnavailable, "cancelled");
  if (cancelled(0)) return stop;
  merge_entries();
  if (cancelled(60)) return stop;
  if (entries_.size() > std::numeric_limits<std::uint32_t>::max()) return make_error(ErrorCode::kTooLarge, "too many names");
  SetUses uses;
  for (const auto& entry : entries_) ++uses[entry.categories].names;
  if (uses.size() >= kMaxCategorySets) return make_error(ErrorCode::kTooLarge, "too many different sets of categories");
  if (cancelled(80)) return stop;

  const CategoryOrder order(categories_);
  const auto sets = number_sets(uses, order);
  Bytes file = make_header(entries_.size(), salt_, categories_, order, uses, sets);
  append_entries(file, entries_, uses);
  append_part_checks(file, salt_);
  if (cancelled(100)) return stop;
  return file;
}

}  // namespace caretaker::policy
