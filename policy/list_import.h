// Reads public lists of names, whatever their form: a line is recognised by itself.
//   names    "name", "*.name", ".name", "name:port", "https://name/"     (UT1's `domains` files and the like)
//   hosts    "0.0.0.0 name name ...", "127.0.0.1 name", ":: name"
//   AdBlock  "||name^", "||name^$important"
// Comments start with '#' (at the line's start or behind a space) or '!'. Names in Unicode and as A-labels. Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace caretaker::policy {

struct BadLine {
  std::uint64_t number = 0;  // from 1
  std::string text;          // at most 80 octets of it
  std::string why;
};

struct ListReport {
  std::uint64_t lines = 0;
  std::uint64_t names = 0;
  std::uint64_t addresses = 0;    // IP addresses and networks: a name's rule cannot hold them
  std::uint64_t with_path = 0;    // single pages: blocking their whole site would be too much
  std::uint64_t other_rules = 0;  // AdBlock exceptions, cosmetic and narrower rules, patterns, a hosts line to a real address
  std::uint64_t bad = 0;
  std::vector<BadLine> examples;  // of bad lines, the first few
};

// Takes a normalised name; returning false ends the reading.
using NameSink = std::function<bool(std::string_view name)>;

inline constexpr std::size_t kBadLineExamples = 5;

// Never fails: what cannot be used is counted. A name is handed on as often as it stands there.
[[nodiscard]] ListReport parse_list(std::string_view text, const NameSink& on_name);

}  // namespace caretaker::policy
