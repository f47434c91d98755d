// A table of the policy file: typed access to its members, every complaint with line, column and field. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/policy.h"
#include "policy/toml_document.h"

namespace caretaker::policy {

// What all sections of one file share.
struct PolicyReport {
  Strictness strictness = Strictness::kTechnician;
  std::vector<Diagnostic> diagnostics;
};

class Section {
 public:
  // `table` and `report` must outlive the section; `path` is "" for the file itself, else "groups.pupils".
  Section(const TomlValue& table, std::string path, PolicyReport& report)
      : table_(&table), path_(std::move(path)), report_(&report) {}

  // Complains of every other key, unless unknown keys are ignored.
  void allow_only(std::span<const std::string_view> keys) const;

  // Members by type. Empty where there is none, and where it is of another type, which is reported.
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::optional<bool> flag(std::string_view key) const;
  [[nodiscard]] std::optional<std::int64_t> whole_number(std::string_view key) const;
  [[nodiscard]] std::optional<Section> section(std::string_view key) const;
  // The sections of an array of them ([[media.allow]]), each where it stands.
  [[nodiscard]] std::vector<Section> sections(std::string_view key) const;
  // The texts of an array, each where it stands; what is no text is reported and left out.
  [[nodiscard]] std::vector<const TomlValue*> texts(std::string_view key) const;
  // One of the named values; any other is reported together with those that are allowed.
  template <typename T>
  [[nodiscard]] std::optional<T> choice(std::string_view key,
                                        std::span<const std::pair<std::string_view, T>> choices) const {
    const TomlValue* value = member(key, TomlValue::Kind::kText);
    return value == nullptr ? std::nullopt : chosen(*value, key, choices);
  }
  template <typename T>
  [[nodiscard]] std::optional<T> chosen(const TomlValue& value, std::string_view key,
                                        std::span<const std::pair<std::string_view, T>> choices) const {
    std::vector<std::string_view> names;
    for (const auto& [name, meaning] : choices) {
      if (name == value.text) return meaning;
      names.push_back(name);
    }
    report_unknown_value(value, key, names);
    return std::nullopt;
  }

  [[nodiscard]] bool has(std::string_view key) const { return table_->find(key) != nullptr; }
  [[nodiscard]] const TomlValue& table() const { return *table_; }
  [[nodiscard]] std::string field(std::string_view key) const;

  void error(std::string_view key, const TomlValue& at, std::string message) const;
  void error_here(std::string_view key, std::string message) const { error(key, *table_, std::move(message)); }
  void warn(std::string_view key, const TomlValue& at, std::string message) const;

 private:
  [[nodiscard]] const TomlValue* member(std::string_view key, TomlValue::Kind kind) const;
  void report_unknown_value(const TomlValue& value, std::string_view key,
                            std::span<const std::string_view> names) const;

  const TomlValue* table_;
  std::string path_;
  PolicyReport* report_;
};

}  // namespace caretaker::policy
