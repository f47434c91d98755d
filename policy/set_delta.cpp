#include "policy/set_delta.h"

#include <algorithm>

#include "policy/categories.h"
#include "policy/rice.h"
#include "policy/set_layout.h"
#include "policy/set_renumbering.h"

namespace caretaker::policy {
namespace {

constexpr std::size_t kPiece = 64u << 10;
constexpr std::uint64_t kMaxHash = (std::uint64_t{1} << 60) - 1;

Error malformed(const char* what) { return make_error(ErrorCode::kInvalidInput, std::string("lists delta: ") + what); }

Status read_numbers(ByteReader& in, std::size_t most, std::vector<std::uint64_t>& out) {
  const std::size_t count = in.u16();
  if (count > most) return malformed("too many category sets");
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    out.push_back(in.u16());
    if (out.back() >= kMaxCategorySets) return malformed("a category set that cannot be");
  }
  return in.ok() ? ok() : Status(malformed("it ends too early"));
}

Status read_categories(ByteReader& in, std::vector<Category>& out) {
  const std::size_t count = in.u16();
  if (count > kMaxCategories) return malformed("too many categories");
  for (std::size_t i = 0; i < count; ++i) {
    Category category{in.text(kMaxCategoryName), false, 0};
    const auto locked = in.u8();
    category.locked = locked == 1;
    category.names = in.u64();
    if (!in.ok() || locked > 1 || !is_category_id(category.name)) return malformed("a category that makes no sense");
    if (i > 0 && out.back().name >= category.name) return malformed("categories out of order");
    out.push_back(std::move(category));
  }
  return ok();
}

// Gathers small writes for the sink, and the check values of what was written (policy/set_parts.h), which come last.
class PieceWriter {
 public:
  PieceWriter(const SetDelta::Sink& sink, const SetSalt& salt) : sink_(sink), salt_(salt) { piece_.reserve(kPiece + 8); }
  [[nodiscard]] Status add(ByteView bytes) {
    piece_.insert(piece_.end(), bytes.begin(), bytes.end());
    return piece_.size() < kPiece ? ok() : write(piece_.size() / kPartSize * kPartSize);
  }
  [[nodiscard]] Status finish() {
    TRY_DONE(write(piece_.size()));
    return sink_(checks_.bytes());
  }

 private:
  // The first so many bytes: whole parts, or the last ones.
  [[nodiscard]] Status write(std::size_t size) {
    const auto written = ByteView(piece_).first(size);
    for (std::size_t at = 0; at < size; at += kPartSize) {
      checks_.u64(part_check(salt_, part_++, written.subspan(at, std::min<std::size_t>(kPartSize, size - at))));
    }
    TRY_DONE(sink_(written));
    piece_.erase(piece_.begin(), piece_.begin() + static_cast<std::ptrdiff_t>(size));
    return ok();
  }

  const SetDelta::Sink& sink_;
  SetSalt salt_;
  Bytes piece_;
  ByteWriter checks_;
  std::uint64_t part_ = 0;
};

}  // namespace

// The names before with the changes made, in ascending order of their hashes; every pass over it reads the codes anew.
class DeltaMerge {
 public:
  DeltaMerge(const SetDelta& delta, const SetView& before, const std::vector<std::uint64_t>& sets)
      : delta_(delta), before_(before), sets_(sets), changes_(delta.codes_), additions_(delta.codes_) {
    const Renumbering renumbering(before.categories_, delta.categories_);
    for (const std::uint64_t bits : before.sets_) after_of_.push_back(number_of(renumbering.renumbered(bits)));
  }

  // emit(hash, set number) -> Status for each name.
  template <typename Emit>
  [[nodiscard]] Status run(Emit emit) {
    TRY_DONE(skip_to_additions());
    TRY_DONE(next_change());
    TRY_DONE(next_addition());
    for (std::size_t bucket = 0; bucket + 1 < kIndexSize; ++bucket) {
      const std::uint64_t end = std::min<std::uint64_t>(before_.index_at(bucket + 1), before_.size_);
      for (; place_ < end; ++place_) TRY_DONE(take_old(bucket, emit));
    }
    while (added_left_) TRY_DONE(take_addition(emit));
    if (changed_left_) return malformed("a change behind the last name");
    return additions_.at_end() ? ok() : Status(malformed("something is left over"));
  }

 private:
  [[nodiscard]] std::uint64_t number_of(const std::optional<std::uint64_t>& bits) const {
    if (!bits || *bits == 0) return 0;
    const auto found = std::lower_bound(sets_.begin(), sets_.end(), *bits);
    return found != sets_.end() && *found == *bits ? static_cast<std::uint64_t>(found - sets_.begin()) : 0;
  }
  // The two streams lie one behind the other: the first is read through to find the second.
  [[nodiscard]] Status skip_to_additions() {
    std::uint64_t ignored = 0;
    for (std::uint64_t i = 0; i < delta_.changed_; ++i) {
      const bool whole = additions_.next(delta_.bits_[0], UINT32_MAX, ignored) && additions_.next(delta_.bits_[1], delta_.fates_.size(), ignored);
      if (!whole) return malformed("its codes end too early");
    }
    return ok();
  }
  [[nodiscard]] Status next_change() {
    changed_left_ = changes_read_ < delta_.changed_;
    if (!changed_left_) return ok();
    std::uint64_t step = 0, fate = 0;
    const std::uint64_t from = changes_read_ == 0 ? 0 : change_place_ + 1;
    if (!changes_.next(delta_.bits_[0], UINT32_MAX, step) || !changes_.next(delta_.bits_[1], delta_.fates_.size() - 1, fate)) {
      return malformed("a change that makes no sense");
    }
    change_place_ = from + step;
    change_set_ = delta_.fates_[fate];
    ++changes_read_;
    if (change_place_ >= before_.size_ || change_set_ >= sets_.size()) return malformed("a change of a name that is not there");
    return ok();
  }
  [[nodiscard]] Status next_addition() {
    added_left_ = additions_read_ < delta_.added_;
    if (!added_left_) return ok();
    std::uint64_t step = 0, kind = 0;
    const std::uint64_t from = additions_read_ == 0 ? 0 : added_hash_ + 1;
    if (!additions_.next(delta_.bits_[2], kMaxHash, step) || !additions_.next(delta_.bits_[3], delta_.kinds_.size() - 1, kind)) {
      return malformed("an addition that makes no sense");
    }
    added_hash_ = from + step;
    added_set_ = delta_.kinds_[kind];
    ++additions_read_;
    if (added_hash_ > kMaxHash || added_set_ == 0 || added_set_ >= sets_.size()) return malformed("an addition that makes no sense");
    return ok();
  }
  template <typename Emit>
  [[nodiscard]] Status take_addition(Emit& emit) {
    TRY_DONE(emit(added_hash_, added_set_));
    return next_addition();
  }
  template <typename Emit>
  [[nodiscard]] Status take_old(std::size_t bucket, Emit& emit) {
    const std::uint64_t entry = before_.entry_at(place_);
    const std::uint64_t hash = static_cast<std::uint64_t>(bucket) << kKeyBits | entry >> kSetBits;
    while (added_left_ && added_hash_ < hash) TRY_DONE(take_addition(emit));
    if (added_left_ && added_hash_ == hash) return malformed("it adds a name that is there");
    const auto set_before = static_cast<std::size_t>(entry & ((1u << kSetBits) - 1));
    std::uint64_t set = set_before < after_of_.size() ? after_of_[set_before] : 0;
    if (changed_left_ && change_place_ == place_) {
      set = change_set_;
      TRY_DONE(next_change());
      if (set == 0) return ok();  // gone
    }
    if (set == 0) return malformed("a name would be in no category");
    return emit(hash, set);
  }

  const SetDelta& delta_;
  const SetView& before_;
  const std::vector<std::uint64_t>& sets_;
  RiceReader changes_;
  RiceReader additions_;
  std::vector<std::uint64_t> after_of_;
  std::uint64_t place_ = 0;
  std::uint64_t changes_read_ = 0, change_place_ = 0, change_set_ = 0;
  std::uint64_t additions_read_ = 0, added_hash_ = 0, added_set_ = 0;
  bool changed_left_ = false, added_left_ = false;
};

Result<SetDelta> SetDelta::parse(ByteView bytes) {
  ByteReader in(bytes);
  if (as_text(in.raw(kDeltaMagic.size())) != kDeltaMagic) return make_error(ErrorCode::kUnsupported, "not a delta of lists");
  SetDelta out;
  const ByteView salt = in.raw(out.salt_.size());
  std::copy(salt.begin(), salt.end(), out.salt_.begin());
  out.names_ = in.u32();
  TRY_DONE(read_categories(in, out.categories_));
  out.sets_before_ = in.u16();
  if (out.sets_before_ > kMaxCategorySets) return malformed("too many category sets");
  out.kept_ = in.raw((out.sets_before_ + 7) / 8);
  const std::size_t added = in.u16();
  if (added > kMaxCategorySets) return malformed("too many category sets");
  for (std::size_t i = 0; i < added && in.ok(); ++i) out.added_sets_.push_back(in.u64());
  TRY_DONE(read_numbers(in, kMaxCategorySets, out.fates_));
  TRY_DONE(read_numbers(in, kMaxCategorySets, out.kinds_));
  out.changed_ = in.u32();
  out.added_ = in.u32();
  for (int& k : out.bits_) k = in.u8();
  if (!in.ok()) return malformed("it ends too early");
  out.codes_ = in.raw(in.left());
  // One set has one delta to another: what means nothing is zero. The empty category set is in every set anyway.
  const std::size_t over = out.kept_.size() * 8 - out.sets_before_;
  const bool spare = !out.kept_.empty() && ((out.kept_.front() & 1) != 0 || (over > 0 && out.kept_.back() >> (8 - over) != 0));
  if (spare) return malformed("bits that mean nothing");
  if (out.changed_ == 0 && (out.bits_[0] | out.bits_[1]) != 0) return malformed("codes for nothing");
  if (out.added_ == 0 && (out.bits_[2] | out.bits_[3]) != 0) return malformed("codes for nothing");
  const bool sensible = std::ranges::all_of(out.bits_, [](int k) { return k < kMaxRiceBits; }) &&
                        (out.changed_ == 0 || !out.fates_.empty()) && (out.added_ == 0 || !out.kinds_.empty()) &&
                        2 * (out.changed_ + out.added_) <= out.codes_.size() * 8;
  return sensible ? Result<SetDelta>(std::move(out)) : malformed("more changes than it has room for");
}

Result<std::vector<std::uint64_t>> SetDelta::sets_after(const SetView& before) const {
  if (before.salt_ != salt_ || before.sets_.size() != sets_before_) return malformed("made for another set");
  std::vector<std::uint64_t> sets = added_sets_;
  sets.push_back(0);
  const Renumbering renumbering(before.categories_, categories_);
  for (std::size_t i = 0; i < sets_before_; ++i) {
    if ((kept_[i / 8] >> (i % 8) & 1) == 0) continue;
    const auto bits = renumbering.renumbered(before.sets_[i]);
    if (!bits) return malformed("it keeps a category set of a category that is gone");
    sets.push_back(*bits);
  }
  std::ranges::sort(sets);
  sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  if (sets.size() > kMaxCategorySets) return malformed("too many category sets");
  return sets;
}

Status SetDelta::apply(const SetView& before, const Sink& sink) const {
  TRY(sets, sets_after(before));
  // The index stands before the entries: the first pass counts them by their places.
  std::vector<std::uint32_t> index(kIndexSize, 0);
  std::uint64_t names = 0;
  TRY_DONE(DeltaMerge(*this, before, sets).run([&](std::uint64_t hash, std::uint64_t) -> Status {
    if (++names > names_) return malformed("more names than it says");
    ++index[static_cast<std::size_t>(hash >> kKeyBits) + 1];
    return ok();
  }));
  if (names != names_) return malformed("fewer names than it says");
  for (std::size_t i = 1; i < kIndexSize; ++i) index[i] += index[i - 1];

  PieceWriter out(sink, salt_);
  ByteWriter head;
  head.raw(as_bytes(kSetMagic));
  head.u32(static_cast<std::uint32_t>(names_));
  head.raw(salt_);
  head.u16(static_cast<std::uint16_t>(categories_.size()));
  for (const Category& category : categories_) {
    head.sized(category.name);
    head.u8(category.locked ? 1 : 0);
    head.u64(category.names);
  }
  head.u16(static_cast<std::uint16_t>(sets.size()));
  for (const std::uint64_t bits : sets) head.u64(bits);
  TRY_DONE(out.add(head.bytes()));
  TRY_DONE(out.add({reinterpret_cast<const std::uint8_t*>(index.data()), index.size() * sizeof index[0]}));
  TRY_DONE(DeltaMerge(*this, before, sets).run([&](std::uint64_t hash, std::uint64_t set) {
    const std::uint64_t packed = (hash & kKeyMask) << kSetBits | set;
    return out.add({reinterpret_cast<const std::uint8_t*>(&packed), kEntrySize});
  }));
  return out.finish();
}

}  // namespace caretaker::policy
