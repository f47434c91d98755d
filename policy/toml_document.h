// A TOML 1.0 text as a tree that knows where each value stands. The one door to the TOML library. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace caretaker::policy {

struct TomlMember;

struct TomlValue {
  enum class Kind { kText, kInteger, kBoolean, kArray, kTable, kOther };  // other: a float, a date, a time
  Kind kind = Kind::kTable;
  std::string text;
  std::int64_t integer = 0;
  bool boolean = false;
  std::vector<TomlValue> items;     // of an array
  std::vector<TomlMember> members;  // of a table, in the order of the file
  int line = 0;                     // from 1
  int column = 0;

  // The member of a table, or null where there is none.
  [[nodiscard]] const TomlValue* find(std::string_view key) const;
};

struct TomlMember {
  std::string key;
  TomlValue value;
  int line = 0;  // of the key
  int column = 0;
};

struct TomlDocument {
  TomlValue root;
  std::optional<Diagnostic> error;  // the first thing that is not TOML; `root` is empty then
};
// At most 1 MiB.
[[nodiscard]] TomlDocument parse_toml(std::string_view text);

}  // namespace caretaker::policy
