#include "policy/list_import.h"

#include <algorithm>
#include <array>

#include "platform/base/text.h"
#include "policy/domain_name.h"

namespace caretaker::policy {
namespace {

constexpr std::string_view kSpace = " \t\f\v\r";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMaxLine = 4096;

// The next word; `rest` then starts behind it.
std::string_view take_word(std::string_view& rest) {
  rest = trim(rest, kSpace);
  const auto end = std::min(rest.find_first_of(kSpace), rest.size());
  const auto word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

// A '#' starts a comment only behind a space: "https://name/#page" and "name##.advert" mean something else.
std::string_view without_comment(std::string_view line) {
  for (auto at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || kSpace.find(line[at - 1]) != std::string_view::npos) return trim(line.substr(0, at), kSpace);
  }
  return line;
}

bool is_address(std::string_view text) {
  const auto only = [&](std::string_view allowed) { return text.find_first_not_of(allowed) == std::string_view::npos; };
  if (text.empty()) return false;
  if (std::ranges::count(text, ':') >= 2) return only("0123456789abcdefABCDEF:./[]") || text.find('%') != std::string_view::npos;
  return std::ranges::count(text, '.') == 3 && only("0123456789./:");
}

// Where a hosts file sends names that are to lead nowhere.
bool is_nowhere(std::string_view address) {
  return address == "0.0.0.0" || address == "::" || address == "::1" || address.starts_with("127.");
}

// What every hosts file says about the machine itself.
bool is_own_host_name(std::string_view name) {
  constexpr std::array kOwn = {"localhost",  "localhost.localdomain", "localhost6", "localhost6.localdomain6", "local",
                               "broadcasthost", "0.0.0.0"};
  return name.starts_with("ip6-") || std::ranges::find(kOwn, name) != kOwn.end();
}

// "[Adblock Plus 2.0]"
bool is_title(std::string_view line) { return line.starts_with('[') && line.ends_with(']') && !is_address(line); }

// "##", "#@#", "#?#", "#$#", "#%#": AdBlock's rules for what a page looks like.
bool is_cosmetic(std::string_view line) {
  const auto at = line.find('#');
  return at != std::string_view::npos && at + 1 < line.size() && std::string_view("#@?$%").find(line[at + 1]) != std::string_view::npos;
}

// Options that do not make an AdBlock rule narrower than its name.
bool is_whole_name_option(std::string_view option) {
  return option == "important" || option == "all" || option == "document" || option == "doc";
}

bool all_options_whole(std::string_view options) {
  while (!options.empty()) {
    const auto comma = std::min(options.find(','), options.size());
    if (!is_whole_name_option(options.substr(0, comma))) return false;
    options.remove_prefix(std::min(comma + 1, options.size()));
  }
  return true;
}

std::string_view without_port(std::string_view name) {
  const auto colon = name.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == name.size()) return name;
  const bool digits = name.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
  return digits ? name.substr(0, colon) : name;
}

// Cuts for an example without splitting a character of UTF-8.
std::string shorten(std::string_view text) {
  constexpr std::size_t kMost = 80;
  if (text.size() <= kMost) return std::string(text);
  auto end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

class ListParser {
 public:
  ListParser(ListReport& report, const NameSink& on_name) : report_(report), on_name_(on_name) {}

  // false: the sink has had enough.
  bool line(std::string_view text) {
    ++report_.lines;
    text = trim(text, kSpace);
    if (text.empty() || text[0] == '#' || text[0] == '!' || is_title(text)) return true;
    if (text.size() > kMaxLine) return bad(text, "a line too long to be a rule");
    if (text.starts_with("||")) return adblock(without_comment(text));
    if (text.starts_with("@@") || text[0] == '|' || text[0] == '/' || is_cosmetic(text)) return other();
    auto rest = without_comment(text);
    const auto first = take_word(rest);
    if (trim(rest, kSpace).empty()) return plain(text, first);
    if (is_address(first)) return hosts(text, first, rest);
    return bad(text, "neither a name, nor a hosts line, nor an AdBlock rule");
  }

 private:
  bool hosts(std::string_view text, std::string_view address, std::string_view rest) {
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
      if (is_own_host_name(word)) continue;
      if (!is_nowhere(address)) return other();
      if (!name(text, word)) return false;
    }
    return true;
  }

  bool adblock(std::string_view text) {
    const auto rule = text.substr(2);
    const auto dollar = std::min(rule.find('$'), rule.size());
    if (dollar < rule.size() && !all_options_whole(rule.substr(dollar + 1))) return other();
    auto pattern = rule.substr(0, dollar);
    if (pattern.ends_with('|')) pattern.remove_suffix(1);
    if (pattern.ends_with('^')) pattern.remove_suffix(1);
    if (pattern.find('/') != std::string_view::npos) return plain(text, pattern);
    if (pattern.find_first_of("^*|", pattern.starts_with("*.") ? 2 : 0) != std::string_view::npos) return other();
    return plain(text, pattern);
  }

  bool plain(std::string_view text, std::string_view word) {
    if (const auto scheme = word.find("://"); scheme != std::string_view::npos) word.remove_prefix(scheme + 3);
    else if (is_address(word)) return address();
    const auto end = std::min(word.find_first_of("/?"), word.size());
    if (word.size() > end + 1) return page();
    word = word.substr(0, end);
    if (is_address(word)) return address();
    word = without_port(word);
    if (word.starts_with("*.")) word.remove_prefix(2);
    else if (word.starts_with('.')) word.remove_prefix(1);
    if (word.find('*') != std::string_view::npos) return other();
    return name(text, word);
  }

  bool name(std::string_view text, std::string_view word) {
    if (is_address(word)) return address();
    const auto normalised = normalise_name(word);
    if (!normalised) return bad(text, normalised.error().message);
    ++report_.names;
    return on_name_(*normalised);
  }

  bool bad(std::string_view text, std::string why) {
    ++report_.bad;
    if (report_.examples.size() < kBadLineExamples) report_.examples.push_back({report_.lines, shorten(text), std::move(why)});
    return true;
  }
  bool other() { return ++report_.other_rules, true; }
  bool address() { return ++report_.addresses, true; }
  bool page() { return ++report_.with_path, true; }

  ListReport& report_;
  const NameSink& on_name_;
};

}  // namespace

ListReport parse_list(std::string_view text, const NameSink& on_name) {
  ListReport report;
  ListParser parser(report, on_name);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (!parser.line(text.substr(0, end))) break;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return report;
}

}  // namespace caretaker::policy
