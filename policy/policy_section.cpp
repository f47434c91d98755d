#include "policy/policy_section.h"

#include <algorithm>

#include "policy/suggestion.h"

namespace caretaker::policy {
namespace {

std::string_view describe(TomlValue::Kind kind) {
  switch (kind) {
    case TomlValue::Kind::kText: return "a text in quotes";
    case TomlValue::Kind::kInteger: return "a whole number";
    case TomlValue::Kind::kBoolean: return "true or false";
    case TomlValue::Kind::kArray: return "a list in square brackets";
    case TomlValue::Kind::kTable: return "a section";
    case TomlValue::Kind::kOther: return "a number with a fraction, a date or a time";
  }
  return "something else";
}

std::string wrong_kind(TomlValue::Kind expected, TomlValue::Kind found) {
  return "expected " + std::string(describe(expected)) + ", found " + std::string(describe(found));
}

}  // namespace

std::string Section::field(std::string_view key) const {
  if (path_.empty() || key.empty()) return path_ + std::string(key);
  return path_ + "." + std::string(key);
}

void Section::error(std::string_view key, const TomlValue& at, std::string message) const {
  report_->diagnostics.push_back({Diagnostic::Level::kError, at.line, at.column, field(key), std::move(message)});
}

void Section::warn(std::string_view key, const TomlValue& at, std::string message) const {
  report_->diagnostics.push_back({Diagnostic::Level::kWarning, at.line, at.column, field(key), std::move(message)});
}

void Section::allow_only(std::span<const std::string_view> keys) const {
  if (report_->strictness == Strictness::kDevice) return;
  for (const TomlMember& member : table_->members) {
    if (std::find(keys.begin(), keys.end(), member.key) != keys.end()) continue;
    const std::string suggestion = suggest(member.key, keys);
    report_->diagnostics.push_back(
        {Diagnostic::Level::kError, member.line, member.column, field(member.key),
         "unknown key" + (suggestion.empty() ? "; known here: " + list_choices(keys) : suggestion)});
  }
}

const TomlValue* Section::member(std::string_view key, TomlValue::Kind kind) const {
  const TomlValue* value = table_->find(key);
  if (value == nullptr || value->kind == kind) return value;
  error(key, *value, wrong_kind(kind, value->kind));
  return nullptr;
}

std::optional<std::string> Section::text(std::string_view key) const {
  const TomlValue* value = member(key, TomlValue::Kind::kText);
  return value == nullptr ? std::nullopt : std::optional(value->text);
}

std::optional<bool> Section::flag(std::string_view key) const {
  const TomlValue* value = member(key, TomlValue::Kind::kBoolean);
  return value == nullptr ? std::nullopt : std::optional(value->boolean);
}

std::optional<std::int64_t> Section::whole_number(std::string_view key) const {
  const TomlValue* value = member(key, TomlValue::Kind::kInteger);
  return value == nullptr ? std::nullopt : std::optional(value->integer);
}

std::optional<Section> Section::section(std::string_view key) const {
  const TomlValue* value = member(key, TomlValue::Kind::kTable);
  return value == nullptr ? std::nullopt : std::optional(Section(*value, field(key), *report_));
}

std::vector<Section> Section::sections(std::string_view key) const {
  std::vector<Section> out;
  const TomlValue* array = member(key, TomlValue::Kind::kArray);
  if (array == nullptr) return out;
  for (const TomlValue& item : array->items) {
    if (item.kind == TomlValue::Kind::kTable) {
      out.emplace_back(item, field(key), *report_);
    } else {
      error(key, item, wrong_kind(TomlValue::Kind::kTable, item.kind));
    }
  }
  return out;
}

std::vector<const TomlValue*> Section::texts(std::string_view key) const {
  std::vector<const TomlValue*> out;
  const TomlValue* array = member(key, TomlValue::Kind::kArray);
  if (array == nullptr) return out;
  for (const TomlValue& item : array->items) {
    if (item.kind == TomlValue::Kind::kText) {
      out.push_back(&item);
    } else {
      error(key, item, wrong_kind(TomlValue::Kind::kText, item.kind));
    }
  }
  return out;
}

void Section::report_unknown_value(const TomlValue& value, std::string_view key,
                                   std::span<const std::string_view> names) const {
  error(key, value,
        "\"" + value.text + "\" is not known here; expected " + list_choices(names) + suggest(value.text, names));
}

}  // namespace caretaker::policy
