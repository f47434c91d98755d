#include "policy/policy_notice.h"

#include <algorithm>
#include <array>

#include "platform/base/text.h"

namespace caretaker::policy {
namespace {

constexpr std::array<std::string_view, 3> kNoticeKeys = {"text", "contact", "hide_page"};
constexpr std::array<std::string_view, 2> kLostKeys = {"message", "telephone"};
constexpr std::size_t kMaxNotice = 1000;
constexpr std::size_t kMaxLine = 200;

// It is shown on consoles and pages: nothing in it may steer either.
std::string read_words(const Section& notice, std::string_view key, std::size_t most, Lines lines) {
  const auto text = notice.text(key);
  if (!text) return "";
  if (!text->empty() && text->size() <= most && is_clean_text(*text, lines)) return *text;
  notice.error(key, *notice.table().find(key),
               "expected 1 to " + std::to_string(most) + " bytes without control characters" +
                   (lines == Lines::kOne ? ", on one line" : ""));
  return "";
}

bool is_address_character(char c) {
  constexpr std::string_view kOthers = "-._~:/?#[]@!$&()*+,;=%";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kOthers.find(c) != std::string_view::npos;
}

std::string read_address(const Section& notice, std::string_view key) {
  const auto text = notice.text(key);
  if (!text) return "";
  const bool known = text->starts_with("https://") || text->starts_with("http://");
  if (known && text->size() <= kMaxLine && std::all_of(text->begin(), text->end(), is_address_character)) return *text;
  notice.error(key, *notice.table().find(key), "expected the address of a page, such as \"https://www.bbc.co.uk/weather\"");
  return "";
}

}  // namespace

Notice read_notice(const Section& root) {
  const auto section = root.section("notice");
  if (!section) return {};
  section->allow_only(kNoticeKeys);
  return {read_words(*section, "text", kMaxNotice, Lines::kMany), read_words(*section, "contact", kMaxLine, Lines::kOne),
          read_address(*section, "hide_page")};
}

LostWords read_lost_words(const Section& root) {
  const auto section = root.section("lost");
  if (!section) return {};
  section->allow_only(kLostKeys);
  return {read_words(*section, "message", kMaxLine, Lines::kOne), read_words(*section, "telephone", kMaxLine, Lines::kOne)};
}

}  // namespace caretaker::policy
