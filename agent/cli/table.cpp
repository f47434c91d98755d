#include "agent/cli/table.h"

#include <algorithm>

namespace caretaker::agent {
namespace {

// Characters, not bytes: continuation bytes of UTF-8 take no column.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  for (auto c1 = text.find("\xc2"); c1 != std::string::npos; c1 = text.find("\xc2", c1 + 1)) {
    // U+0080 to U+009F are control characters too.
    if (c1 + 1 < text.size() && static_cast<unsigned char>(text[c1 + 1]) < 0xa0) text.replace(c1, 2, "?");
  }
  return text;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    out += printable(std::string(line));
    if (line.size() < text.size()) out += '\n';
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return out;
}

void Table::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = printable(std::move(cell));
  rows_.push_back({std::move(row), ""});
}

void Table::add_text(std::string_view text) {
  std::string& below = rows_.back().below;
  below = "    | ";
  for (const char c : printable_lines(text)) below += c == '\n' ? "\n    | " : std::string(1, c);
  below += '\n';
}

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_.front().cells.size());
  for (const auto& [row, below] : rows_) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& [row, below] : rows_) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - width(row[i]) + 2, ' ');
    }
    out += '\n' + below;
  }
  return out;
}

}  // namespace caretaker::agent
