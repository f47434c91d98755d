#include "policy/toml_document.h"

#include <toml++/toml.h>

#include <algorithm>
#include <exception>
#include <tuple>

namespace caretaker::policy {
namespace {

constexpr std::size_t kMaxBytes = 1u << 20;

TomlValue convert(const toml::node& node);

void convert_table(const toml::table& table, TomlValue& out) {
  out.kind = TomlValue::Kind::kTable;
  for (const auto& [key, node] : table) {
    const auto at = key.source().begin;
    out.members.push_back(
        {std::string(key.str()), convert(node), static_cast<int>(at.line), static_cast<int>(at.column)});
  }
  std::sort(out.members.begin(), out.members.end(), [](const TomlMember& a, const TomlMember& b) {
    return std::tie(a.line, a.column, a.key) < std::tie(b.line, b.column, b.key);
  });
}

TomlValue convert(const toml::node& node) {
  TomlValue out;
  out.line = static_cast<int>(node.source().begin.line);
  out.column = static_cast<int>(node.source().begin.column);
  if (const auto* table = node.as_table()) {
    convert_table(*table, out);
  } else if (const auto* array = node.as_array()) {
    out.kind = TomlValue::Kind::kArray;
    for (const toml::node& item : *array) out.items.push_back(convert(item));
  } else if (const auto* text = node.as_string()) {
    out.kind = TomlValue::Kind::kText;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = TomlValue::Kind::kInteger;
    out.integer = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    out.kind = TomlValue::Kind::kBoolean;
    out.boolean = boolean->get();
  } else {
    out.kind = TomlValue::Kind::kOther;
  }
  return out;
}

TomlDocument failed(int line, int column, const std::string& message) {
  TomlDocument out;
  out.error = Diagnostic{Diagnostic::Level::kError, line, column, "", message};
  return out;
}

}  // namespace

const TomlValue* TomlValue::find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const TomlMember& m) { return m.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

TomlDocument parse_toml(std::string_view text) {
  if (text.size() > kMaxBytes) return failed(0, 0, "larger than 1 MiB");
  try {
    TomlDocument out;
    convert_table(toml::parse(text), out.root);
    return out;
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    return failed(static_cast<int>(at.line), static_cast<int>(at.column),
                  "not TOML: " + std::string(error.description()));
  } catch (const std::exception& error) {
    return failed(0, 0, std::string("not TOML: ") + error.what());
  }
}

}  // namespace caretaker::policy
