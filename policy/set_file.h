// The compiled lists: one file, mapped read-only, that says for a name in which categories it stands.
//
// Canonical content (what is signed): the categories in order, the table of category sets, the salt, and every name's
// 60-bit SipHash in ascending order with the number of its category set. The file is a cache of it laid out for look-ups;
// same content, same bytes. With 5 million names a false positive has 4e-12 a probe; names of allow-lists and popular names are
// screened for collisions when the set is built. Pure; a SetView is immutable and any number of threads may ask it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/bytes.h"
#include "platform/base/crypto.h"
#include "platform/base/result.h"

namespace caretaker::policy {

using CategorySet = std::uint16_t;  // index into the table of category sets; 0 is the empty set

struct Category {
  std::string name;
  bool locked = false;  // illegal content: no policy, key or flag lets it through
  std::uint64_t names = 0;
};

class SetView {
 public:
  // Checks header, bounds and table, not the hash (see canonical_content()). The bytes must outlive the view.
  [[nodiscard]] static Result<SetView> open(ByteView file);

  // The categories of exactly this name (not of its parents), as bits: bit i is categories()[i]. 0: in none.
  [[nodiscard]] std::uint64_t categories_of(std::string_view name) const;
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
  // Walks every entry: order, bounds and both hashes. kDamaged where the file is not canonical.
  [[nodiscard]] Result<Content> canonical_content() const;

 private:
  SetView() = default;
  ByteView index_;
  ByteView entries_;
  std::uint64_t size_ = 0;
  std::uint64_t locked_mask_ = 0;
  std::array<std::uint8_t, 16> salt_{};
  std::vector<Category> categories_;
  std::vector<std::uint64_t> sets_;  // category set number -> category bits
};

// Collects names, then writes the file. At most 64 categories and 4,096 different category sets.
class SetBuilder {
 public:
  explicit SetBuilder(const std::array<std::uint8_t, 16>& salt);
  // Number of a category, added at first sight.
  [[nodiscard]] Result<int> category(std::string_view name, bool locked);
  void add(std::string_view normalised_name, int category);
  void remove(std::string_view normalised_name);  // screened out
  // Progress 0-100 now and then; returning false cancels (kUnavailable).
  using Progress = std::function<bool(int percent)>;
  [[nodiscard]] Result<Bytes> build(const Progress& progress);

 private:
  struct Entry { std::uint64_t hash; std::uint64_t category; };
  std::array<std::uint8_t, 16> salt_;
  std::vector<Category> categories_;
  std::vector<Entry> entries_;
  std::vector<std::uint64_t> removed_;
};

}  // namespace caretaker::policy
