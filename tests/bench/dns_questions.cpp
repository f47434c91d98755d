#include "tests/bench/dns_questions.h"

#include <algorithm>
#include <fstream>
#include <string_view>

#include "tests/bench/loopback.h"

namespace caretaker::bench {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kDigits = 10;
constexpr std::size_t kMaxName = 230;  // leaves room for the number

}  // namespace

Questions::Wire Questions::make_question(const std::string& name) {
  Wire wire = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
  for (std::size_t at = 0; at < name.size();) {
    const auto dot = std::min(name.find('.', at), name.size());
    wire.push_back(static_cast<std::uint8_t>(dot - at));
    wire.insert(wire.end(), name.begin() + static_cast<std::ptrdiff_t>(at), name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  constexpr std::uint8_t kRest[] = {0, 0, 1, 0, 1, /* OPT, 1232 bytes */ 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0};
  wire.insert(wire.end(), std::begin(kRest), std::end(kRest));
  return wire;
}

Questions::Questions(const std::string& file, bool unique, std::uint64_t first) : unique_(unique), number_(first) {
  std::ifstream lines(file);
  for (std::string name; std::getline(lines, name);) {
    if (!name.empty() && name.size() <= kMaxName) questions_.push_back(make_question(unique ? "q000000000." + name : name));
  }
  if (questions_.empty()) give_up(file + ": no names");
}

std::span<const std::uint8_t> Questions::next(unsigned room, std::uint16_t id) {
  auto& wire = rooms_[room];
  wire = questions_[number_ % questions_.size()];
  wire[0] = static_cast<std::uint8_t>(id >> 8);
  wire[1] = static_cast<std::uint8_t>(id);
  if (unique_) {
    auto rest = number_;
    for (auto at = kHeader + kDigits; at > kHeader + 1; --at, rest /= 10) wire[at] = static_cast<std::uint8_t>('0' + rest % 10);
  }
  ++number_;
  return wire;
}

}  // namespace caretaker::bench
