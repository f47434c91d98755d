#include "policy/policy_exceptions.h"

#include <array>

#include "policy/categories.h"
#include "policy/policy_session.h"

namespace caretaker::policy {
namespace {

constexpr std::array<std::string_view, 5> kKeys = {"for", "categories", "youtube", "hours", "max_minutes"};
constexpr std::size_t kMaxName = 256;
constexpr std::int64_t kMaxMinutes = 480;

// "08:00-16:00"
void read_hours(const Section& section, ExceptionRules& rules) {
  const auto text = section.text("hours");
  if (!section.has("hours")) section.error_here("hours", "missing: expected the hours of lessons such as \"08:00-16:00\"");
  if (!text) return;
  const std::size_t dash = text->find('-');
  const auto from = parse_time_of_day(std::string_view(*text).substr(0, dash));
  const auto to = dash == std::string::npos ? std::nullopt : parse_time_of_day(std::string_view(*text).substr(dash + 1));
  if (!from || !to || *from >= *to) {
    section.error("hours", *section.table().find("hours"), "expected two times of one day such as \"08:00-16:00\"");
    return;
  }
  rules.from_minute = *from;
  rules.to_minute = *to;
}

void read_max(const Section& section, ExceptionRules& rules) {
  const auto minutes = section.whole_number("max_minutes");
  if (!minutes) return;
  if (*minutes < 1 || *minutes > kMaxMinutes) {
    section.error("max_minutes", *section.table().find("max_minutes"), "expected 1 to 480");
    return;
  }
  rules.max_minutes = *minutes;
}

void read_opened_for(const Section& section, ExceptionRules& rules) {
  for (const TomlValue* value : section.texts("for")) {
    if (value->text.empty() || value->text.size() > kMaxName) {
      section.error("for", *value, "expected the name of a group of this policy, or of the operating system");
    } else {
      rules.opened_for.insert(value->text);
    }
  }
  if (!section.has("for")) section.error_here("for", "missing: expected the groups that teachers may open something for");
}

void read_categories(const Section& section, ExceptionRules& rules) {
  for (const TomlValue* value : section.texts("categories")) {
    if (!is_category_id(value->text)) {
      section.error("categories", *value, "\"" + value->text + "\" is no category");
    } else if (is_locked_category(value->text)) {
      section.error("categories", *value, "\"" + value->text + "\" is locked: it is always blocked, and nothing can open it");
    } else {
      rules.categories.insert(value->text);
    }
  }
}

}  // namespace

std::optional<ExceptionRules> read_exceptions(const Section& root) {
  const auto section = root.section("exceptions");
  if (!section) return std::nullopt;
  section->allow_only(kKeys);
  ExceptionRules rules;
  read_opened_for(*section, rules);
  read_categories(*section, rules);
  rules.youtube = section->flag("youtube").value_or(false);
  read_hours(*section, rules);
  read_max(*section, rules);
  return rules;
}

}  // namespace caretaker::policy
