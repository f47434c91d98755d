// The categories of one set in the numbering of another, by their names. Pure; any thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "policy/set_file.h"

namespace caretaker::policy {

class Renumbering {
 public:
  Renumbering(const std::vector<Category>& from, const std::vector<Category>& to) {
    for (const Category& category : from) {
      const auto same = std::find_if(to.begin(), to.end(), [&](const Category& c) { return c.name == category.name; });
      bits_.push_back(same == to.end() ? 0 : std::uint64_t{1} << (same - to.begin()));
    }
  }
  // nullopt: one of them is not known there.
  [[nodiscard]] std::optional<std::uint64_t> renumbered(std::uint64_t from) const {
    std::uint64_t out = 0;
    for (std::uint64_t rest = from; rest != 0; rest &= rest - 1) {
      const auto at = static_cast<std::size_t>(std::countr_zero(rest));
      if (at >= bits_.size() || bits_[at] == 0) return std::nullopt;
      out |= bits_[at];
    }
    return out;
  }

 private:
  std::vector<std::uint64_t> bits_;
};

}  // namespace caretaker::policy
