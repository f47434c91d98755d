#include "agent/cli/passphrase_strength.h"

#include <algorithm>
#include <array>
#include <set>

namespace caretaker::agent {
namespace {

constexpr std::size_t kLeastDifferent = 6;
constexpr std::size_t kLeastOfOwn = 6;  // characters that belong to nothing that is tried first
constexpr std::string_view kAdvice = "; four words that have nothing to do with each other are good, and can be remembered";

// What guessing programs try before anything else, in several countries' schools.
constexpr std::array<std::string_view, 36> kTriedFirst = {
    "password", "passwort", "passphrase", "kennwort", "motdepasse", "contrasena", "wachtwoord", "welcome", "willkommen", "letmein",
    "qwertyuiop", "qwertzuiop", "qwerty", "qwertz", "azerty", "asdfghjkl", "administrator", "admin", "caretaker", "school",
    "schule", "teacher", "lehrer", "iloveyou", "princess", "dragon", "football", "fussball", "monkey", "sunshine",
    "spring", "summer", "autumn", "winter", "secret", "geheim"};
constexpr std::array<std::string_view, 4> kRows = {"01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm"};

std::size_t count_characters(std::string_view text) {  // of UTF-8
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80; }));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

void remove_all(std::string& text, std::string_view part) {
  if (part.size() < 3) return;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
}

// Runs of three and more that lie side by side on a keyboard or in the alphabet, forwards or backwards, become one character.
std::string without_runs(const std::string& text) {
  const auto follows = [](char a, char b) {
    return std::any_of(kRows.begin(), kRows.end(), [&](std::string_view row) {
      const auto at = row.find(a);
      if (at == std::string_view::npos) return false;
      return (at + 1 < row.size() && row[at + 1] == b) || (at > 0 && row[at - 1] == b);
    });
  };
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (end < text.size() && (follows(text[end - 1], text[end]) || text[end - 1] == text[end])) ++end;
    if (end - i >= 4) out.push_back(text[i]);
    else out.append(text, i, end - i);
    i = end;
  }
  return out;
}

// What is left of it when everything is gone that a guessing program puts together.
std::size_t own_characters(std::string_view passphrase, std::string_view holder) {
  std::string rest = lower(passphrase);
  for (const std::string_view word : kTriedFirst) remove_all(rest, word);
  remove_all(rest, lower(holder));
  rest = without_runs(rest);
  return std::set<char>(rest.begin(), rest.end()).size();
}

}  // namespace

std::optional<std::string> why_weak(std::string_view passphrase, std::string_view holder) {
  const std::size_t size = count_characters(passphrase);
  if (size < kLeastPassphrase) {
    return "it has " + std::to_string(size) + " characters, and whoever copies the key file can try millions of that length: take " +
           std::to_string(kLeastPassphrase) + " or more" + std::string(kAdvice);
  }
  if (std::set<char>(passphrase.begin(), passphrase.end()).size() < kLeastDifferent) return "it repeats a few characters" + std::string(kAdvice);
  if (own_characters(passphrase, holder) >= kLeastOfOwn) return std::nullopt;
  return "it is put together from what is tried first (well-known words, the holder's name, keys side by side)" + std::string(kAdvice);
}

}  // namespace caretaker::agent
