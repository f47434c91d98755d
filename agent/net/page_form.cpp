#include "agent/net/page_form.h"

#include <algorithm>
#include <array>
#include <optional>

#include "platform/base/bytes.h"
#include "platform/base/text.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxFields = 16;

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    std::array<std::uint8_t, 1> byte{};
    if (text.size() - i < 3 || !parse_hex(text.substr(i + 1, 2), byte)) return std::nullopt;
    out += static_cast<char>(byte[0]);
    i += 2;
  }
  return out;
}

}  // namespace

Result<FormFields> parse_form(std::string_view body) {
  FormFields fields;
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(body.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    const auto name = decode(pair.substr(0, equals));
    const auto value = decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!name || !value) return make_error(ErrorCode::kInvalidInput, "a form with a broken escape");
    if (!fields.emplace(*name, *value).second || fields.size() > kMaxFields) {
      return make_error(ErrorCode::kInvalidInput, "a form with a field too many");
    }
  }
  return fields;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string escape_lines(std::string_view text) {
  std::string out;
  for (const char c : escape_html(text)) out += c == '\n' ? "<br>" : std::string(1, c);
  return out;
}

std::string escape_query(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    out += plain ? std::string(1, c) : "%" + to_hex(as_bytes(std::string_view(&c, 1)));
  }
  return out;
}

std::string_view site_in(std::string_view typed) {
  typed = trim(typed, " \t\r\n");
  if (const auto scheme = typed.find("://"); scheme != std::string_view::npos) typed.remove_prefix(scheme + 3);
  typed = typed.substr(0, typed.find_first_of("/?#"));
  if (const auto user = typed.rfind('@'); user != std::string_view::npos) typed.remove_prefix(user + 1);
  return typed.substr(0, typed.find(':'));
}

}  // namespace caretaker::agent
