// Columns for people; what comes from elsewhere is made harmless for a terminal.
#pragma once

#include <string>
#include <vector>

namespace caretaker::agent {

class Table {
 public:
  explicit Table(std::vector<std::string> heading) { add(std::move(heading)); }
  void add(std::vector<std::string> row);  // as long as the heading
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// The text with control characters as '?', so that a name that somebody asked for cannot steer the terminal.
[[nodiscard]] std::string printable(std::string text);

}  // namespace caretaker::agent
