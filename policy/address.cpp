#include "policy/address.h"

#include <algorithm>
#include <charconv>

namespace caretaker::policy {
namespace {

// A decimal number without sign and leading zeros, at most `max`; -1 for anything else.
int parse_decimal(std::string_view text, int max) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return -1;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0 && value <= max ? value : -1;
}

bool is_port(std::string_view text) {
  return parse_decimal(text, 65535) > 0;
}

bool is_hex_group(std::string_view text) {
  return !text.empty() && text.size() <= 4 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

// Groups of 16 bits between colons, the last two perhaps as an IPv4 address; -1 where it is not of that form. "" holds
// none.
int count_groups(std::string_view text, bool may_end_in_ipv4) {
  int groups = 0;
  while (!text.empty()) {
    const auto colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (colon == std::string_view::npos && may_end_in_ipv4 && is_ipv4(group)) return groups + 2;
    if (!is_hex_group(group)) return -1;
    ++groups;
    if (colon == std::string_view::npos) return groups;
    text.remove_prefix(colon + 1);
    if (text.empty()) return -1;
  }
  return groups;
}

}  // namespace

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 3; ++part) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || parse_decimal(text.substr(0, dot), 255) < 0) return false;
    text.remove_prefix(dot + 1);
  }
  return parse_decimal(text, 255) >= 0;
}

bool is_ipv6(std::string_view text) {
  const auto gap = text.find("::");
  if (gap == std::string_view::npos) return count_groups(text, true) == 8;
  const int before = count_groups(text.substr(0, gap), false);
  const int after = count_groups(text.substr(gap + 2), true);
  return before >= 0 && after >= 0 && before + after <= 7;
}

bool is_server_address(std::string_view text) {
  if (is_ipv4(text) || is_ipv6(text)) return true;
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_port(text.substr(colon + 1))) return false;
  const std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') return is_ipv6(host.substr(1, host.size() - 2));
  return is_ipv4(host);
}

}  // namespace caretaker::policy
