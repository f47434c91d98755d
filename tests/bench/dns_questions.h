// DNS questions (RFC 1035, with EDNS as RFC 6891) for the names of a file, ready to be sent.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace caretaker::bench {

class Questions {
 public:
  // unique: a label with the question's number stands in front of the name, so that none is asked twice.
  Questions(const std::string& file, bool unique, std::uint64_t first);

  // The next question (type A), in one of 16 rooms; valid until the room is used again.
  [[nodiscard]] std::span<const std::uint8_t> next(unsigned room, std::uint16_t id);

 private:
  using Wire = std::vector<std::uint8_t>;
  [[nodiscard]] static Wire make_question(const std::string& name);

  std::vector<Wire> questions_;
  std::array<Wire, 16> rooms_;
  bool unique_;
  std::uint64_t number_;
};

}  // namespace caretaker::bench
