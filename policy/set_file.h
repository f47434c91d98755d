// The compiled lists: one file, mapped read-only, that says for a name in which categories it stands.
//
// Canonical content (what is signed) of a choice of categories is BLAKE2b-256 over, integers little-endian:
//   "caretaker lists v1" (18 octets), the salt (16 octets),
//   u16 number of the chosen categories; for each, in byte order of the names: u32 length, name, u8 locked (0 or 1),
//   for every name that stands in a chosen category, in ascending order of the hash:
//     u64 hash (the upper 60 bits of SipHash-2-4 of the normalised name under the salt),
//     u64 categories: bit i set: the name stands in the i-th chosen category,
//   u64 number of these names.
// `all` chooses every category, `locked` the locked ones: a change of ordinary lists leaves `locked` as it was.
// The file (policy/set_layout.h) is a cache of the content laid out for look-ups; same content, same bytes. With 5 million
// names a false positive has 4e-12 a probe; names of allow-lists and popular names are screened for collisions when the set is
// built. Pure; a SetView is immutable and any number of threads may ask it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/bytes.h"
#include "platform/base/crypto.h"
#include "platform/base/result.h"
#include "policy/set_parts.h"

namespace caretaker::policy {

struct Category {
  std::string name;
  bool locked = false;  // illegal content: no policy, key or flag lets it through
  std::uint64_t names = 0;
};

class SetView {
 public:
  // Checks header, bounds, tables and index, not the hash (see canonical_content()). `file` is a mapping, `read` reads the same file
  // where it lies; both must outlive the view.
  [[nodiscard]] static Result<SetView> open(ByteView file, SetParts::Read read);
  // In memory.
  [[nodiscard]] static Result<SetView> open(ByteView file);

  // The categories of exactly this name (not of its parents), as bits: bit i is categories()[i]. 0: in none. Nothing: the file is not
  // what it was where this name would stand, and nobody knows. Whatever the bytes are, it reads inside them.
  [[nodiscard]] std::optional<std::uint64_t> categories_of(std::string_view name) const;
  // What a look-up touches is compared with its check value, once until look_again().
  void look_again() const { parts_.forget(); }
  // Reads and compares all of it, before something walks over the mapping. kDamaged: a part is not what its check value says, or cannot
  // be read.
  [[nodiscard]] Status compare_all() const { return parts_.compare_range(0, parts_.count()); }
  [[nodiscard]] bool has_damage() const { return parts_.has_damage(); }
  [[nodiscard]] const std::vector<Category>& categories() const { return categories_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Mask of the locked categories.
  [[nodiscard]] std::uint64_t locked_mask() const { return locked_mask_; }

  struct Content {
    Hash all{};
    Hash locked{};  // over the names that stand in a locked category, with those categories alone
    std::uint64_t names = 0;
    std::uint64_t locked_names = 0;
  };
  // Walks every entry: order, bounds, counts, check values and both hashes. kDamaged where the file is not the one that its content
  // gives.
  [[nodiscard]] Result<Content> canonical_content() const;

 private:
  friend class ContentWalk;  // policy/set_content.h
  friend class SetDelta;    // policy/set_delta.h
  friend class DeltaMerge;
  friend class DeltaMaker;
  friend bool have_same_salt(const SetView& a, const SetView& b) { return a.salt_ == b.salt_; }
  SetView() = default;
  [[nodiscard]] Status read_categories(ByteReader& in);
  [[nodiscard]] Status read_sets(ByteReader& in);
  [[nodiscard]] Status read_checks(SetParts::Read read);
  [[nodiscard]] Status check_index() const;
  [[nodiscard]] std::uint32_t index_at(std::size_t bucket) const;
  [[nodiscard]] std::uint64_t entry_at(std::uint64_t number) const;
  [[nodiscard]] std::uint64_t find_entry(std::uint64_t begin, std::uint64_t end, std::uint64_t key) const;
  [[nodiscard]] std::uint64_t categories_in(std::uint64_t entry) const;

  ByteView file_;
  std::uint64_t index_begin_ = 0;    // in file_
  std::uint64_t entries_begin_ = 0;
  SetParts parts_;
  std::uint64_t size_ = 0;
  std::uint64_t locked_mask_ = 0;
  std::array<std::uint8_t, 16> salt_{};
  std::vector<Category> categories_;
  std::vector<std::uint64_t> sets_;  // category set number -> category bits
};

// The salt that sets are built with: the first 16 octets of BLAKE2b-256 over "caretaker lists salt v1" and `number` as u32. The
// same lists give the same set everywhere; another number is for the day that a look-up collides.
[[nodiscard]] std::array<std::uint8_t, 16> set_salt(std::uint32_t number);

// Collects names, then writes the file. At most 64 categories, 4,095 different category sets and 2^32-1 names. 16 bytes of
// memory for each name and category. One thread.
class SetBuilder {
 public:
  explicit SetBuilder(const std::array<std::uint8_t, 16>& salt) : salt_(salt) {}
  // Number of a category, added at first sight. A category that is_locked_category() is locked whatever is said.
  [[nodiscard]] Result<int> category(std::string_view name, bool locked);
  // `category` as category() gave it.
  void add(std::string_view normalised_name, int category);
  // Progress 0-100 now and then; returning false cancels (kUnavailable).
  using Progress = std::function<bool(int percent)>;
  [[nodiscard]] Result<Bytes> build(const Progress& progress);

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint64_t categories;  // as bits by number
  };
  void merge_entries();

  std::array<std::uint8_t, 16> salt_;
  std::vector<Category> categories_;
  std::vector<Entry> entries_;
};

}  // namespace caretaker::policy
