// Columns for people; what comes from elsewhere is made harmless for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace caretaker::agent {

class Table {
 public:
  explicit Table(std::vector<std::string> heading) { add(std::move(heading)); }
  void add(std::vector<std::string> row);  // as long as the heading
  void add_text(std::string_view text);    // below the row: lines of their own, set in
  [[nodiscard]] std::string text() const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::string below;
  };
  std::vector<Row> rows_;
};

// The text with control characters as '?', so that a name that somebody asked for cannot steer the terminal.
[[nodiscard]] std::string printable(std::string text);
// The same for a text of several lines: line feeds stay.
[[nodiscard]] std::string printable_lines(std::string_view text);

}  // namespace caretaker::agent
