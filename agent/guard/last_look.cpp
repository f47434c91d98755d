#include "agent/guard/last_look.h"

#include <sstream>

#include "platform/files.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxFile = 64u << 10;

}  // namespace

Status write_last_look(const std::filesystem::path& file, const LastLook& look) {
  std::ostringstream text;
  text << look.at << '\n';
  for (const auto& [session, last_input] : look.last_input) text << session << ' ' << last_input << '\n';
  return platform::replace_file(file, as_bytes(text.str()), 0600);
}

LastLook read_last_look(const std::filesystem::path& file, MonotonicMs now) {
  const auto text = platform::read_file(file, kMaxFile);
  if (!text) return {};
  std::istringstream in{std::string(as_text(*text))};
  LastLook look;
  if (!(in >> look.at) || look.at <= 0 || look.at > now) return {};
  std::string session;
  for (MonotonicMs last_input = 0; in >> session >> last_input;) {
    if (last_input <= look.at) look.last_input[session] = last_input;
  }
  return look;
}

}  // namespace caretaker::agent
