#include "agent/notice.h"

#include <algorithm>

#include "platform/base/text.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kWidth = 76;

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

// One paragraph, broken at spaces.
void add_paragraph(std::string& out, std::string_view text) {
  std::size_t used = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (word.empty()) continue;
    const std::size_t size = characters(word);
    if (used > 0) out += used + 1 + size > kWidth ? '\n' : ' ';
    used = used == 0 || used + 1 + size > kWidth ? size : used + 1 + size;
    out += word;
  }
  out += '\n';
}

void add_lines(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    add_paragraph(out, line);
  }
}

}  // namespace

std::string make_notice(const std::string& school, const policy::Notice& notice) {
  std::string out;
  std::string owner = clean_text(school);
  std::replace(owner.begin(), owner.end(), '\n', ' ');
  add_paragraph(out, "This device belongs to " + owner + " and is monitored. Names of sites that are asked for are checked by a filter. "
                     "Attempts to open what is blocked, and to start programs that did not come with the device, are written down, and the "
                     "school's safeguarding lead can read them. Sites that are allowed are not written down.");
  add_lines(out, notice.text);
  add_paragraph(out, std::string("Something blocked by mistake? Something that worries you? What is written down about you? ") + kPageUrl);
  add_lines(out, notice.contact);
  return out;
}

}  // namespace caretaker::agent
