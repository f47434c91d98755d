#include "agent/cli/check_words.h"

#include <array>
#include <utility>

#include "agent/cli/table.h"
#include "sync/checks.h"

namespace caretaker::agent {
namespace {

// The guard's own (agent/PROTOCOL.md).
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kGuardChecks = {{
    {"A1", "well signed, but nothing that this agent could obey: is it too old?"},
    {"A2", "it opens something, and so wants two technicians' signatures"},
    {"A4", "too many names changed for the list publisher alone: a technician must sign too"},
    {"A5", "a receipt for another request"},
    {"A7", "a certificate for another device"},
}};

std::string_view words_of(std::string_view check) {
  for (const auto& [number, words] : kGuardChecks) {
    if (number == check) return words;
  }
  for (const sync::CheckRow& row : sync::check_table()) {
    if (row.number == check) return row.text;
  }
  return {};
}

}  // namespace

std::string in_words(std::string_view check) {
  const std::string_view words = words_of(check);
  return printable(std::string(check)) + (words.empty() ? "" : " (" + std::string(words) + ")");
}

}  // namespace caretaker::agent
