#include "policy/set_content.h"

#include <algorithm>
#include <bit>

#include "policy/set_layout.h"

namespace caretaker::policy {
namespace {

// The byte stream of policy/set_file.h for one choice of categories.
class ContentHash {
 public:
  ContentHash(const std::array<std::uint8_t, 16>& salt, const std::vector<Category>& categories,
              const std::vector<std::uint64_t>& sets, std::uint64_t chosen) {
    for (const auto bits : sets) squeezed_.push_back(squeeze(bits, chosen));
    ByteWriter head;
    head.raw(as_bytes("caretaker lists v1"));
    head.raw(salt);
    head.u16(static_cast<std::uint16_t>(std::popcount(chosen)));
    for (std::size_t i = 0; i < categories.size(); ++i) {
      if ((chosen >> i & 1) == 0) continue;
      head.sized(categories[i].name);
      head.u8(categories[i].locked ? 1 : 0);
    }
    hasher_.add(head.bytes());
  }

  void add(std::uint64_t hash, std::uint64_t set) {
    if (squeezed_[set] == 0) return;
    records_[waiting_++] = hash;
    records_[waiting_++] = squeezed_[set];
    if (waiting_ == records_.size()) hash_records();
    ++names_;
  }

  Hash finish() {
    hash_records();
    ByteWriter tail;
    tail.u64(names_);
    hasher_.add(tail.bytes());
    return hasher_.finish();
  }
  [[nodiscard]] std::uint64_t names() const { return names_; }

 private:
  // Bits of the chosen categories, moved together.
  [[nodiscard]] static std::uint64_t squeeze(std::uint64_t bits, std::uint64_t chosen) {
    std::uint64_t out = 0;
    int at = 0;
    for (; chosen != 0; chosen &= chosen - 1, ++at) out |= (bits >> std::countr_zero(chosen) & 1) << at;
    return out;
  }

  // Many at a time: the hash takes longer to be called than to run over one.
  void hash_records() {
    hasher_.add({reinterpret_cast<const std::uint8_t*>(records_.data()), waiting_ * sizeof records_[0]});
    waiting_ = 0;
  }

  Hasher hasher_;
  std::array<std::uint64_t, 512> records_;
  std::size_t waiting_ = 0;
  std::vector<std::uint64_t> squeezed_;  // category set number -> the record's second half
  std::uint64_t names_ = 0;
};

// What a set must be beyond what open() checks, for the same content to have one file only.
class CanonicalCheck {
 public:
  explicit CanonicalCheck(std::size_t sets) : uses_(sets) {}
  [[nodiscard]] Status on_entry(std::uint64_t key, std::uint64_t set, bool first_of_bucket) {
    if (set == 0 || set >= uses_.size()) return make_error(ErrorCode::kDamaged, "set file: an entry with no category set");
    if (!first_of_bucket && key <= last_key_) return make_error(ErrorCode::kDamaged, "set file: entries out of order");
    last_key_ = key;
    ++uses_[set];
    return ok();
  }
  [[nodiscard]] Status finish(const std::vector<std::uint64_t>& sets, const std::vector<Category>& categories) const {
    for (std::size_t set = 1; set < uses_.size(); ++set) {
      if (uses_[set] == 0) return make_error(ErrorCode::kDamaged, "set file: a category set that nothing uses");
    }
    for (std::size_t i = 0; i < categories.size(); ++i) {
      std::uint64_t names = 0;
      for (std::size_t set = 1; set < uses_.size(); ++set) names += (sets[set] >> i & 1) * uses_[set];
      if (names != categories[i].names) return make_error(ErrorCode::kDamaged, "set file: a wrong count of names");
    }
    return ok();
  }

 private:
  std::uint64_t last_key_ = 0;
  std::vector<std::uint64_t> uses_;
};

}  // namespace

struct ContentWalk::State {
  explicit State(const SetView& set)
      : all(set.salt_, set.categories_, set.sets_, every_bit(set)), locked(set.salt_, set.categories_, set.sets_, set.locked_mask_),
        check(set.sets_.size()) {}
  [[nodiscard]] static std::uint64_t every_bit(const SetView& set) {
    return set.categories_.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << set.categories_.size()) - 1;
  }
  [[nodiscard]] Status compare_parts(const SetView& set, std::uint64_t end);
  [[nodiscard]] Status compare_buckets(const SetView& set, std::size_t buckets);
  [[nodiscard]] Status walk_bucket(const SetView& set);

  ContentHash all;
  ContentHash locked;
  CanonicalCheck check;
  std::size_t bucket = 0;
  std::uint64_t part = 0;  // those before it have been compared
};

Status ContentWalk::State::compare_parts(const SetView& set, std::uint64_t end) {
  TRY_DONE(set.parts_.compare_range(part, end));
  part = std::max(part, end);
  return ok();
}

// What the next so many lie in, before it is touched: header and index first, and with the last ones everything.
Status ContentWalk::State::compare_buckets(const SetView& set, std::size_t buckets) {
  TRY_DONE(compare_parts(set, parts_of(set.entries_begin_)));
  if (bucket + buckets + 1 == kIndexSize) return compare_parts(set, set.parts_.count());
  const std::uint64_t entries = std::min<std::uint64_t>(set.index_at(bucket + buckets), set.size_);
  return compare_parts(set, parts_of(set.entries_begin_ + entries * kEntrySize));
}

Status ContentWalk::State::walk_bucket(const SetView& set) {
  const auto begin = set.index_at(bucket);
  for (std::uint64_t number = begin; number < set.index_at(bucket + 1) && number < set.size_; ++number) {
    const auto entry = set.entry_at(number);
    const auto key = entry >> kSetBits;
    const auto in_set = entry & ((1u << kSetBits) - 1);
    TRY_DONE(check.on_entry(key, in_set, number == begin));
    const auto hash = static_cast<std::uint64_t>(bucket) << kKeyBits | key;
    all.add(hash, in_set);
    locked.add(hash, in_set);
  }
  ++bucket;
  return ok();
}

ContentWalk::ContentWalk(const SetView& set) : state_(std::make_unique<State>(set)) {}
ContentWalk::ContentWalk(ContentWalk&&) noexcept = default;
ContentWalk& ContentWalk::operator=(ContentWalk&&) noexcept = default;
ContentWalk::~ContentWalk() = default;

Result<std::optional<SetView::Content>> ContentWalk::next(const SetView& set) {
  constexpr std::size_t kBucketsAtOnce = (kIndexSize - 1) / 256;
  TRY_DONE(state_->compare_buckets(set, kBucketsAtOnce));
  if (state_->bucket == 0) TRY_DONE(set.check_index());  // again: the file may have changed under the mapping since open()
  for (std::size_t i = 0; i < kBucketsAtOnce; ++i) TRY_DONE(state_->walk_bucket(set));
  if (state_->bucket + 1 < kIndexSize) return std::optional<SetView::Content>();
  TRY_DONE(state_->check.finish(set.sets_, set.categories_));
  auto& [all, locked, check, bucket, part] = *state_;
  return std::optional(SetView::Content{all.finish(), locked.finish(), all.names(), locked.names()});
}

Result<SetView::Content> SetView::canonical_content() const {
  ContentWalk walk(*this);
  for (;;) {
    TRY(content, walk.next(*this));
    if (content) return *content;
  }
}

}  // namespace caretaker::policy
