// What happened in a run, line by line: shown on demand, and summed up so that two runs of one seed can be compared.
#pragma once

#include <cstdint>
#include <string_view>

namespace caretaker::sim {

class Trace {
 public:
  explicit Trace(bool shown) : shown_(shown) {}
  void line(std::string_view who, std::string_view what);
  [[nodiscard]] bool is_shown() const { return shown_; }
  [[nodiscard]] std::uint64_t sum() const { return sum_; }

 private:
  bool shown_;
  std::uint64_t sum_ = 0xcbf29ce484222325u;  // FNV-1a
};

}  // namespace caretaker::sim
