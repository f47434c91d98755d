// A small compiled set for tests of what is decided with it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/categories.h"
#include "policy/set_file.h"

namespace caretaker::policy {

// What lies before the check values.
inline std::size_t size_without_checks(std::size_t file_size) {
  std::size_t size = file_size - sizeof(std::uint64_t);
  while (size + parts_of(size) * sizeof(std::uint64_t) > file_size) --size;
  return size;
}

struct TestSet {
  explicit TestSet(const std::map<std::string, std::vector<std::string>>& lists)
      : bytes(build(lists)), view(*SetView::open(bytes)) {}

  static Bytes build(const std::map<std::string, std::vector<std::string>>& lists) {
    SetBuilder builder({1, 2, 3});
    for (const auto& [category, names] : lists) {
      const int number = *builder.category(category, is_locked_category(category));
      for (const auto& name : names) builder.add(name, number);
    }
    return *builder.build(nullptr);
  }

  Bytes bytes;
  SetView view;
};

}  // namespace caretaker::policy
