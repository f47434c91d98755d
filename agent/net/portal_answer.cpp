#include "agent/net/portal_answer.h"

#include <algorithm>
#include <optional>

#include "platform/base/text.h"
#include "policy/address.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxLines = 64;
constexpr std::size_t kMaxHost = 253;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_host_character(char c) { return is_digit(c) || is_letter(c) || c == '-' || c == '.' || c == '_'; }
// RFC 9110 section 5.6.2.
bool is_token_character(char c) {
  return is_digit(c) || is_letter(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

// The next line without its end, which may be a line feed alone (RFC 9112 section 2.2).
std::optional<std::string_view> take_line(std::string_view& bytes) {
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_redirect(std::string_view line) {
  if (!line.starts_with("HTTP/1.0 ") && !line.starts_with("HTTP/1.1 ")) return false;
  const std::string_view code = line.substr(9, 3);
  if (line.size() > 12 && line[12] != ' ') return false;
  return code == "301" || code == "302" || code == "303" || code == "307" || code == "308";
}

// "http://login.example:8080/x?y" -> "login.example". Empty: relative, another scheme, or nothing that we take.
std::string_view host_in(std::string_view location) {
  const auto colon = location.find("://");
  const std::string scheme = lower_case(std::string(location.substr(0, colon)));
  if (colon == std::string_view::npos || (scheme != "http" && scheme != "https")) return "";
  std::string_view rest = location.substr(colon + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  std::string_view host = rest;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) return "";
    host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (!policy::is_ipv6(host)) return "";
  } else {
    host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(host.size());
    if (!std::ranges::all_of(host, is_host_character)) return "";
  }
  if (!rest.empty() && (rest.size() > 6 || !std::ranges::all_of(rest.substr(1), is_digit) || rest[0] != ':')) return "";
  return host.size() <= kMaxHost ? host : "";
}

}  // namespace

PortalAnswer parse_portal_answer(std::string_view bytes) {
  if (bytes.size() > kMaxPortalHead) return {PortalAnswer::State::kNothing};
  const auto status = take_line(bytes);
  if (!status) return {PortalAnswer::State::kMore};
  if (!is_redirect(*status) || std::ranges::any_of(*status, is_control)) return {PortalAnswer::State::kNothing};
  std::optional<std::string_view> location;
  for (std::size_t lines = 0; lines < kMaxLines; ++lines) {
    const auto line = take_line(bytes);
    if (!line) return {PortalAnswer::State::kMore};
    if (line->empty()) {
      const std::string_view host = location ? host_in(*location) : "";
      if (host.empty()) return {PortalAnswer::State::kNothing};
      return {PortalAnswer::State::kRedirect, std::string(host)};
    }
    const auto colon = line->find(':');
    const std::string_view name = line->substr(0, colon);
    const bool is_field = colon != std::string_view::npos && colon > 0 && std::ranges::all_of(name, is_token_character);
    if (!is_field || std::ranges::any_of(*line, is_control)) return {PortalAnswer::State::kNothing};
    if (lower_case(std::string(name)) != "location") continue;
    if (location) return {PortalAnswer::State::kNothing};  // two of them: who knows which one a browser takes
    location = trim(line->substr(colon + 1), " \t");
  }
  return {PortalAnswer::State::kNothing};
}

}  // namespace caretaker::agent
