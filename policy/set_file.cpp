#include "policy/set_file.h"

#include <algorithm>

#include "policy/categories.h"
#include "policy/set_layout.h"

namespace caretaker::policy {
namespace {

Error damaged(std::string what) { return make_error(ErrorCode::kDamaged, "set file: " + std::move(what)); }

}  // namespace

Result<SetView> SetView::open(ByteView file) {
  return open(file, [file](std::uint64_t offset, std::span<std::uint8_t> into) -> Status {
    const auto part = file.subspan(offset, into.size());
    std::copy(part.begin(), part.end(), into.begin());
    return ok();
  });
}

Result<SetView> SetView::open(ByteView file, SetParts::Read read) {
  Bytes header(std::min(file.size(), kMaxSetHeader));
  if (auto done = read(0, header); !done) return damaged(done.error().message);
  ByteReader in(header);
  if (as_text(in.raw(kSetMagic.size())) != kSetMagic) {
    return make_error(ErrorCode::kUnsupported, "not a compiled set, or one of another version");
  }
  SetView view;
  view.size_ = in.u32();
  const ByteView salt = in.raw(view.salt_.size());
  std::copy(salt.begin(), salt.end(), view.salt_.begin());
  TRY_DONE(view.read_categories(in));
  TRY_DONE(view.read_sets(in));
  view.file_ = file;
  view.index_begin_ = header.size() - in.left();
  view.entries_begin_ = view.index_begin_ + kIndexSize * sizeof(std::uint32_t);
  TRY_DONE(view.read_checks(std::move(read)));
  TRY_DONE(view.check_index());
  return view;
}

Status SetView::read_categories(ByteReader& in) {
  const std::size_t count = in.u16();
  if (count > kMaxCategories) return damaged("too many categories");
  for (std::size_t i = 0; i < count; ++i) {
    Category category{in.text(kMaxCategoryName), false, 0};
    const auto locked = in.u8();
    category.locked = locked == 1;
    category.names = in.u64();
    if (!in.ok() || !is_category_id(category.name) || locked > 1) return damaged("a category that makes no sense");
    if (i > 0 && categories_.back().name >= category.name) return damaged("categories out of order");
    if (is_locked_category(category.name) && !category.locked) return damaged("a locked category is not marked so");
    if (category.locked) locked_mask_ |= std::uint64_t{1} << i;
    categories_.push_back(std::move(category));
  }
  return ok();
}

Status SetView::read_sets(ByteReader& in) {
  const std::size_t count = in.u16();
  if (count == 0 || count > kMaxCategorySets) return damaged("a wrong number of category sets");
  const auto unused_bits = categories_.size() == 64 ? 0 : ~std::uint64_t{0} << categories_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = in.u64();
    if (!in.ok() || (bits & unused_bits) != 0) return damaged("a category set that makes no sense");
    if (i == 0 ? bits != 0 : bits <= sets_.back()) return damaged("category sets out of order");
    sets_.push_back(bits);
  }
  return ok();
}

Status SetView::read_checks(SetParts::Read read) {
  const std::uint64_t size = entries_begin_ + size_ * kEntrySize;
  std::vector<std::uint64_t> checks(parts_of(size));
  const std::span<std::uint8_t> bytes(reinterpret_cast<std::uint8_t*>(checks.data()), checks.size() * sizeof checks[0]);
  if (file_.size() != size + bytes.size()) return damaged("its length is not what its header says");
  if (auto done = read(size, bytes); !done) return damaged(done.error().message);
  parts_ = SetParts(std::move(read), salt_, size, std::move(checks));
  if (!parts_.are_good(0, entries_begin_)) return damaged("header or index is not what its check values say");
  return ok();
}

Status SetView::check_index() const {
  for (std::size_t i = 0; i + 1 < kIndexSize; ++i) {
    if (index_at(i) > index_at(i + 1)) return damaged("index out of order");
  }
  if (index_at(0) != 0 || index_at(kIndexSize - 1) != size_) return damaged("index does not span the entries");
  return ok();
}

std::uint32_t SetView::index_at(std::size_t bucket) const {
  return load_integer<std::uint32_t>(file_.data() + index_begin_ + bucket * sizeof(std::uint32_t));
}

std::uint64_t SetView::entry_at(std::uint64_t number) const {
  return load_integer<std::uint64_t>(file_.data() + entries_begin_ + number * kEntrySize, kEntrySize);
}

// First entry of [begin, end) whose key is not below `key`. Keys are hashes, evenly spread: the place is guessed, and only its
// neighbourhood is searched where it proves to lie there.
std::uint64_t SetView::find_entry(std::uint64_t begin, std::uint64_t end, std::uint64_t key) const {
  constexpr std::uint64_t kWindow = 8;
  const auto key_at = [this](std::uint64_t number) { return entry_at(number) >> kSetBits; };
  const auto guess = begin + ((key >> (kKeyBits - 32)) * (end - begin) >> 32);
  if (guess - begin >= kWindow && key_at(guess - kWindow) < key) begin = guess - kWindow + 1;
  if (end - guess > kWindow && key_at(guess + kWindow) >= key) end = guess + kWindow;
  while (begin < end) {
    const auto middle = begin + (end - begin) / 2;
    if (key_at(middle) < key) begin = middle + 1;
    else end = middle;
  }
  return begin;
}

// 0: the entry names no category set, which none does that is whole.
std::uint64_t SetView::categories_in(std::uint64_t entry) const {
  const auto number = entry & ((1u << kSetBits) - 1);
  return number < sets_.size() ? sets_[number] : 0;
}

std::optional<std::uint64_t> SetView::categories_of(std::string_view name) const {
  const auto hash = hash60(salt_, name);
  const auto bucket = static_cast<std::size_t>(hash >> kKeyBits);
  if (!parts_.are_good(index_begin_ + bucket * sizeof(std::uint32_t), 2 * sizeof(std::uint32_t))) return std::nullopt;
  // What was good when it was compared may have been damaged under the mapping since.
  const std::uint64_t end = std::min<std::uint64_t>(index_at(bucket + 1), size_);
  const std::uint64_t begin = std::min<std::uint64_t>(index_at(bucket), end);
  if (!parts_.are_good(entries_begin_ + begin * kEntrySize, (end - begin) * kEntrySize)) return std::nullopt;
  const auto found = find_entry(begin, end, hash & kKeyMask);
  if (found == end) return 0;
  const auto entry = entry_at(found);
  if (entry >> kSetBits != (hash & kKeyMask)) return 0;
  const auto categories = categories_in(entry);
  return categories == 0 ? std::nullopt : std::optional(categories);
}

}  // namespace caretaker::policy
